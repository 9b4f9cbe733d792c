import type { LinkTexts, ScriptOutcome } from '../../ports/script-engine.ts';
import { wasm, type WasmModule } from '../web-assembly.ts';
import { type LinksApi, ProgramEnded, startProgram } from './wasi-host.ts';

/** Where a link leads for one object; `undefined` when its condition does not hold. */
export type LinkOutcome = ScriptOutcome<string | undefined>;

/** The program for links, started. It keeps nothing of one link for another. */
export interface LinkMachine {
  /** `variables`: an object as JSON. */
  render(link: LinkTexts, variables: string): LinkOutcome;
  /** False after the program ended: it ran out of memory, or its stack did. */
  readonly usable: boolean;
}

/** Characters of a URL; browsers follow hardly longer ones. */
const MAX_URL = 8_192;

export function createLinkMachine(module: WasmModule, now: () => number): LinkMachine {
  const { api, lastWords } = startProgram(module, now);
  let usable = true;
  return {
    render({ url, condition }, variables) {
      const texts = JSON.stringify({ if: condition, url, maxUrl: MAX_URL });
      try {
        return outcomeOf(ask(api, `${texts.slice(0, -1)},"variables":${variables}}`));
      } catch (error) {
        usable = false;
        return { type: 'failed', kind: 'budget', reason: exhausted(error, lastWords()) };
      }
    },
    get usable() {
      return usable;
    },
  };
}

/** As `program/main.go` writes it. */
interface Answer {
  readonly url?: string;
  readonly hidden?: boolean;
  readonly kind?: 'compile' | 'run';
  readonly reason?: string;
}

function ask(api: LinksApi, request: string): Answer {
  const asked = Buffer.from(request);
  const to = api.reserve(asked.length);
  new Uint8Array(api.memory.buffer).set(asked, to);
  const length = api.render();
  const answered = new Uint8Array(api.memory.buffer, api.answer(), length);
  return JSON.parse(Buffer.from(answered).toString()) as Answer;
}

function outcomeOf({ hidden = false, url = '', kind, reason = '' }: Answer): LinkOutcome {
  if (kind !== undefined)
    return { type: 'failed', kind, reason: reason.replaceAll(/\s*\n\s*/g, ' ') };
  return { type: 'value', value: hidden ? undefined : url };
}

/** What a program may do wrong; anything else is a defect. */
function exhausted(error: unknown, lastWords: string): string {
  if (error instanceof RangeError) return 'nested too deeply';
  if (!(error instanceof ProgramEnded || error instanceof wasm.RuntimeError)) throw error;
  if (lastWords.includes('stack')) return 'nested too deeply';
  if (lastWords.includes('memory')) return 'not enough memory';
  return `the program for links broke: ${error.message}`;
}
