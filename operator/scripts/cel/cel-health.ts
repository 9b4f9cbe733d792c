import {
  type CelEnv,
  type CelInput,
  type CelResult,
  CelScalar,
  celEnv,
  isCelError,
  parse,
  plan,
} from '@bufbuild/cel';
import { isJsonArray, type JsonValue } from '../../core/objects/json.ts';
import type { CelRule } from '../../core/settings/resource-settings.ts';
import type { ScriptHealth, ScriptOutcome } from '../../ports/script-engine.ts';
import { boundedFunctions, TOO_LARGE } from './bounded-functions.ts';
import { unknownNames } from './unknown-names.ts';

/** CEL with the one variable `obj`; each expression is compiled once. */
export interface CelEvaluator {
  /** The first rule that is true decides; when none is, the object has no health. */
  health(rules: readonly CelRule[], object: JsonValue): ScriptOutcome<ScriptHealth>;
  /** Why expressions cannot be used, one reason each. */
  check(rules: readonly CelRule[]): readonly string[];
}

type Compiled =
  | { readonly run: (input: { obj: CelInput }) => CelResult }
  | { readonly error: string };

/** More expressions than anyone configures; then all are compiled anew. */
const MAX_EXPRESSIONS = 1_000;

export function createCelEvaluator(): CelEvaluator {
  const env = celEnv({ variables: { obj: CelScalar.DYN }, funcs: boundedFunctions() });
  const known = new Map<string, Compiled>();

  function compiled(expression: string): Compiled {
    const before = known.get(expression);
    if (before !== undefined) return before;
    if (known.size >= MAX_EXPRESSIONS) known.clear();
    const result = compile(env, expression);
    known.set(expression, result);
    return result;
  }

  function evaluate(expression: string, obj: CelInput): ScriptOutcome<unknown> {
    const program = compiled(expression);
    if ('error' in program) return { type: 'failed', kind: 'compile', reason: program.error };
    try {
      const value = program.run({ obj });
      if (!isCelError(value)) return { type: 'value', value };
      const kind = value.message.includes(TOO_LARGE) ? 'budget' : 'run';
      return { type: 'failed', kind, reason: value.message };
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return { type: 'failed', kind: 'budget', reason: 'nested too deeply' };
    }
  }

  return {
    health(rules, object) {
      const obj = toCel(object);
      for (const rule of rules) {
        const when = expect('boolean', evaluate(rule.when, obj));
        if (when.type === 'failed') return named(rule.status, when);
        if (!when.value) continue;
        if (rule.message === undefined) return { type: 'value', value: { status: rule.status } };
        const message = expect('string', evaluate(rule.message, obj));
        if (message.type === 'failed') return named(`message of ${rule.status}`, message);
        return { type: 'value', value: { status: rule.status, message: message.value } };
      }
      return { type: 'value', value: undefined };
    },
    check(rules) {
      return rules.flatMap(({ status, when, message }) => {
        const both = [
          [status, when],
          [`message of ${status}`, message],
        ] as const;
        return both.flatMap(([name, expression]) => {
          const program = expression === undefined ? undefined : compiled(expression);
          return program !== undefined && 'error' in program ? [`${name}: ${program.error}`] : [];
        });
      });
    },
  };
}

function compile(env: CelEnv<{ obj: typeof CelScalar.DYN }>, expression: string): Compiled {
  try {
    const parsed = parse(expression);
    const unknown = unknownNames(parsed.expr, (name) => env.funcs.find(name) !== undefined);
    if (unknown.length > 0) return { error: `does not compile: ${unknown.join(', ')}` };
    return { run: plan(env, parsed) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The list of everything that could stand there helps nobody.
    return { error: `does not compile: ${message.replace(/ but expecting '.*$/s, '')}` };
  }
}

interface Expected {
  boolean: boolean;
  string: string;
}

function expect<T extends keyof Expected>(
  type: T,
  outcome: ScriptOutcome<unknown>,
): ScriptOutcome<Expected[T]> {
  if (outcome.type === 'failed') return outcome;
  if (typeof outcome.value === type) return { type: 'value', value: outcome.value as Expected[T] };
  return {
    type: 'failed',
    kind: 'run',
    reason: `yields ${celTypeOf(outcome.value)}, not ${EXPECTED[type]}`,
  };
}

const EXPECTED = { boolean: 'a boolean', string: 'a text' } as const;

function celTypeOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return 'a text';
  if (typeof value === 'bigint') return 'an int';
  if (typeof value === 'number') return 'a double';
  return typeof value === 'object' ? 'a list, map or message' : `a ${typeof value}`;
}

function named(
  name: string,
  { kind, reason }: { readonly kind: 'compile' | 'run' | 'budget'; readonly reason: string },
): ScriptOutcome<ScriptHealth> {
  return { type: 'failed', kind, reason: `${name}: ${reason}` };
}

/** Whole numbers are ints, as people write `obj.spec.replicas == 3`; CEL compares them with doubles. */
function toCel(value: JsonValue): CelInput {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (isJsonArray(value)) return value.map(toCel);
  const members = new Map<string, CelInput>();
  for (const [name, member] of Object.entries(value))
    if (member !== undefined) members.set(name, toCel(member));
  return members;
}
