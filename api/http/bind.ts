import * as z from 'zod/mini';
import { TiphysError } from '../../operator/index.ts';

/** What a request may say: the values that come out are typed by it, and the API's description is written from it. */
export type Shape = z.ZodMiniObject;

/** The part of a JSON Schema that decides how texts and names are read. */
interface Plan {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Plan>>;
  readonly additionalProperties?: Plan | boolean;
  readonly items?: Plan;
  readonly anyOf?: readonly Plan[];
}

const plans = new WeakMap<Shape, Plan>();

/** The JSON Schema of a shape, as it is sent. Made once for each. */
export function planOf(shape: Shape): Plan {
  let plan = plans.get(shape);
  if (plan === undefined) {
    plan = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' }) as Plan;
    plans.set(shape, plan);
  }
  return plan;
}

/**
 * Reads the query of a URL (`spec/api.md` 0.2): dots nest, `m[k]` is an entry of a map, repetition makes lists;
 * what is not known is passed over. Errors: `InvalidRequest`, which names the parameter.
 */
export function bindQuery<S extends Shape>(shape: S, search: URLSearchParams): z.output<S> {
  const read: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, text] of search) place(read, pathOf(name), text, planOf(shape), name);
  return check(shape, read);
}

/**
 * Reads a JSON body: names in any case, unknown ones passed over, null is absent. Errors:
 * `InvalidRequest`, which names the field.
 */
export function bindBody<S extends Shape>(shape: S, body: unknown): z.output<S> {
  return check(shape, fold(body ?? {}, planOf(shape)));
}

function check<S extends Shape>(shape: S, value: unknown): z.output<S> {
  const parsed = z.safeParse(shape, value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.join('.') ?? '';
  throw invalid(`${path === '' ? 'request' : path}: ${issue?.message ?? 'is not readable'}`);
}

function invalid(message: string): TiphysError {
  return new TiphysError('InvalidRequest', message);
}

/** `a.b[c]` is a, b, c. */
function pathOf(name: string): readonly string[] {
  const map = /^([^[\]]+)\[([^\]]*)\]$/.exec(name);
  if (map === null) return name.split('.');
  return [...(map[1] ?? '').split('.'), map[2] ?? ''];
}

function place(
  into: Record<string, unknown>,
  [first = '', ...rest]: readonly string[],
  text: string,
  plan: Plan,
  name: string,
): void {
  const inner = propertyOf(plan, first);
  if (inner === undefined) return;
  if (rest.length > 0) {
    const nested = (into[first] ??= Object.create(null)) as Record<string, unknown>;
    if (typeof nested === 'object') place(nested, rest, text, inner, name);
    return;
  }
  if (inner.type === 'array') {
    const items = (into[first] ??= []) as unknown[];
    items.push(convert(text, inner.items ?? {}, name));
  } else into[first] = convert(text, inner, name);
}

function propertyOf(plan: Plan, name: string): Plan | undefined {
  if (plan.properties !== undefined && Object.hasOwn(plan.properties, name))
    return plan.properties[name];
  const { additionalProperties } = plan;
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

function convert(text: string, plan: Plan, name: string): unknown {
  switch (typeOf(plan)) {
    case 'boolean':
      if (TRUE.has(text)) return true;
      if (FALSE.has(text)) return false;
      throw invalid(`${name}: "${text.slice(0, 100)}" is neither true nor false`);
    case 'integer':
    case 'number':
      if (/^[+-]?\d{1,16}$/.test(text)) return Number(text);
      throw invalid(`${name}: "${text.slice(0, 100)}" is not a number`);
    default:
      return text;
  }
}

function typeOf({ type, anyOf }: Plan): string | undefined {
  return type ?? anyOf?.find((one) => one.type !== 'null')?.type;
}

const MAX_DEPTH = 64;

function fold(value: unknown, plan: Plan, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw invalid(`request: is nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item) => fold(item, plan.items ?? {}, depth + 1));
  if (typeof value !== 'object' || value === null || plan.properties === undefined) return value;
  const names = new Map(Object.keys(plan.properties).map((name) => [name.toLowerCase(), name]));
  const folded: Record<string, unknown> = {};
  for (const [written, inner] of Object.entries(value)) {
    const name = Object.hasOwn(plan.properties, written)
      ? written
      : names.get(written.toLowerCase());
    if (name === undefined || inner === null) continue;
    folded[name] = fold(inner, plan.properties[name] ?? {}, depth + 1);
  }
  return folded;
}
