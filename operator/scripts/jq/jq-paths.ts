import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadJq } from 'jq-wasm';
import type { JsonPath } from '../../core/objects/json-path.ts';
import type { ScriptOutcome } from '../../ports/script-engine.ts';
import { wasm, type WasmModule } from '../web-assembly.ts';
import { limitMemory } from './limit-memory.ts';
import { resolvePath } from './resolve-path.ts';

export type PathsOutcome = ScriptOutcome<readonly JsonPath[]>;

/** Asks jq, of which one run costs more than a hundred small objects: give it many at once. */
export interface JqRunner {
  /** Outcomes in the order of `inputs` (JSON texts); `undefined` when they must be asked one by one. */
  pathsOfAll(expression: string, inputs: readonly string[]): readonly PathsOutcome[] | undefined;
  paths(expression: string, input: string): PathsOutcome;
  /** False after jq ended in a state in which it must not be used again. */
  readonly usable: boolean;
}

/** Compiles jq, once for all runners. */
export async function compileJq(maxBytes: number): Promise<WasmModule> {
  const file = await readFile(fileURLToPath(import.meta.resolve('jq-wasm/jq.wasm')));
  return wasm.compile(limitMemory(file, maxBytes));
}

/** What an expression must not do: read what is not its object, write, end the program. */
const PRELUDE = [
  'def input: error("input is not allowed");def inputs: input;',
  'def halt: error("halt is not allowed");def halt_error: halt;def halt_error(f): halt;',
  'def debug: .;def debug(f): .;def stderr: .;def env: {};def input_filename: null;',
].join('');

const COMPILE_ERROR = 3;

export async function createJqRunner(module: WasmModule): Promise<JqRunner> {
  const jq = await loadJq({ wasmModule: module });
  let usable = true;

  /** The results, one text each; or why there are none. */
  function run(expression: string, input: string): readonly string[] | Failure {
    const program = `${PRELUDE}try [path(${expression}\n)] catch {error: .}`;
    try {
      const { stdout, stderr, exitCode } = jq.raw(input, program, ['-c']);
      if (exitCode === COMPILE_ERROR) return failed('compile', compileReason(stderr));
      if (exitCode !== 0) return failed('run', stderr.trim().slice(0, 500) || `exit ${exitCode}`);
      return stdout === '' ? [] : stdout.split('\n');
    } catch (error) {
      usable = false;
      return failed('budget', exhausted(error));
    }
  }

  return {
    pathsOfAll(expression, inputs) {
      const lines = run(expression, inputs.join('\n'));
      if ('type' in lines) return lines.kind === 'compile' ? inputs.map(() => lines) : undefined;
      if (lines.length !== inputs.length) return undefined;
      return lines.map((line, index) => outcomeOf(line, inputs[index] ?? ''));
    },
    paths(expression, input) {
      const lines = run(expression, input);
      if ('type' in lines) return lines;
      const [line] = lines;
      if (line === undefined || lines.length > 1)
        return failed('run', `yields ${lines.length} results instead of paths`);
      return outcomeOf(line, input);
    },
    get usable() {
      return usable;
    },
  };
}

type Failure = Extract<PathsOutcome, { readonly type: 'failed' }>;

const failed = (kind: Failure['kind'], reason: string): Failure => ({
  type: 'failed',
  kind,
  reason,
});

/** What jq says about the text, without the place: it counts in a program that has more than the text. */
function compileReason(stderr: string): string {
  const [first = ''] = stderr.split('\n');
  const reason = first.replace(/^jq: error: /, '').replace(/ at <top-level>.*$/, '');
  return `does not compile: ${reason}`;
}

/** Out of memory, jq aborts; recursing too deeply, it overflows its stack. Anything else is a defect. */
function exhausted(error: unknown): string {
  if (error instanceof RangeError) return 'nested too deeply';
  if (error instanceof wasm.RuntimeError) return 'not enough memory';
  throw error;
}

function outcomeOf(line: string, input: string): PathsOutcome {
  const answer = JSON.parse(line) as { readonly error: unknown } | readonly unknown[];
  if ('error' in answer) {
    const { error } = answer;
    return failed('run', typeof error === 'string' ? error : JSON.stringify(error));
  }
  const paths: JsonPath[] = [];
  for (const path of answer) {
    if (!Array.isArray(path)) return failed('run', `yields ${line} instead of paths`);
    if (path.length === 0) return failed('run', 'names the whole object');
    paths.push(...resolvePath(path, input));
  }
  return { type: 'value', value: paths };
}
