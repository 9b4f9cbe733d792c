import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadJq } from 'jq-wasm';
import { isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import type { JsonPath } from '../../core/objects/json-path.ts';
import type { ScriptOutcome } from '../../ports/script-engine.ts';
import { wasm, type WasmModule } from '../web-assembly.ts';
import { limitMemory } from '../limit-memory.ts';
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

const MAX_PATHS = 10_000;
const MAX_CHARACTERS = 1_000_000;

/** Yields one line for each input, of bounded length. The expression may end in a comment. */
const programOf = (expression: string): string => `${PRELUDE}
  try (
    [limit(${MAX_PATHS + 1}; path(${expression}
    ))]
    | if length > ${MAX_PATHS} or (tojson | length) > ${MAX_CHARACTERS}
      then error("result is out of bounds") else . end
  ) catch {error: (if type == "string" then .[:200] else null end)}`;

const COMPILE_ERROR = 3;
/** More expressions than anyone configures; then all are checked anew. */
const MAX_EXPRESSIONS = 1_000;

export async function createJqRunner(module: WasmModule): Promise<JqRunner> {
  const jq = await loadJq({ wasmModule: module });
  const checked = new Map<string, Failure | undefined>();
  let usable = true;

  /**
   * Why an expression is none. It must be a whole program by itself, or its brackets could end those
   * it stands in below and make something else of them.
   */
  function check(expression: string): Failure | undefined {
    if (checked.has(expression)) return checked.get(expression);
    // Without any input jq compiles the program and ends.
    const { exitCode, stderr } = jq.raw('', expression, ['-c']);
    const failure = exitCode === 0 ? undefined : failed('compile', compileReason(stderr));
    if (checked.size >= MAX_EXPRESSIONS) checked.clear();
    checked.set(expression, failure);
    return failure;
  }

  /** The results, one text each; or why there are none. */
  function run(expression: string, input: string): readonly string[] | Failure {
    try {
      const failure = check(expression);
      if (failure !== undefined) return failure;
      const { stdout, stderr, exitCode } = jq.raw(input, programOf(expression), ['-c']);
      if (exitCode === COMPILE_ERROR) return failed('compile', compileReason(stderr));
      if (exitCode !== 0) return failed('run', `jq ended with ${exitCode}`);
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

/** What jq says about the text; not the place, which it does not always give. */
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
  const answer = JSON.parse(line) as unknown;
  if (isJsonObject(answer) && 'error' in answer) return failed('run', runReason(answer['error']));
  if (!Array.isArray(answer)) return failed('run', 'yields something else than paths');
  const paths: JsonPath[] = [];
  let object: JsonValue | undefined;
  const parse = () => (object ??= JSON.parse(input) as JsonValue);
  for (const path of answer as readonly unknown[]) {
    if (!Array.isArray(path)) return failed('run', 'yields something else than paths');
    if (path.length === 0) return failed('run', 'names the whole object');
    paths.push(...resolvePath(path, parse));
  }
  return { type: 'value', value: paths };
}

/** What jq's own errors are made of, as far as an expression for paths meets them. */
const WORDS: ReadonlySet<string> = new Set(
  [
    'cannot iterate index over with by use check whether has key and or of a an in be is not as to',
    'null boolean number string object array keys must out bounds negative value values parsed',
    'invalid path expression result near attempt access element input halt allowed matched',
    'subtracted added multiplied divided delete update field fields slice start end indices',
  ].flatMap((line) => line.split(' ')),
);

/**
 * jq quotes what it stumbled over, and an expression may raise any text of the object, which may be
 * the value of a Secret: only words of jq's own are told.
 */
function runReason(error: unknown): string {
  const [message = ''] = typeof error === 'string' ? error.split(/ ?[("'{[]/, 1) : [];
  const isOwn = message.split(' ').every((word) => WORDS.has(word.toLowerCase()));
  return isOwn ? message : 'ends with an error';
}
