import { TiphysError } from '../errors.ts';

/** As Kubernetes selects by labels: all requirements must hold. */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values: readonly string[];
}

/** Whether labels meet a selector; an empty one selects everything. */
export function selects(
  { matchLabels, matchExpressions }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  const valueOf = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  return (
    Object.entries(matchLabels).every(([key, value]) => valueOf(key) === value) &&
    matchExpressions.every((requirement) => isMet(requirement, valueOf(requirement.key)))
  );
}

function isMet({ operator, values }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isWhole(value) && BigInt(value) > BigInt(values[0] ?? '');
    case 'Lt':
      return isWhole(value) && BigInt(value) < BigInt(values[0] ?? '');
  }
}

const MAX_LENGTH = 65_536;
/** An operator or bracket, or a word up to the next of them. */
const TOKEN = /\s*(==|!=|[=!<>(),]|[^\s=!<>(),]+)/y;

/**
 * Reads a selector as people write it for `kubectl --selector`: `a=b,c!=d,e in (f,g),!h,i>1`.
 * Errors: `RequestFailed`, which says what was expected where.
 */
export function parseLabelSelector(text: string): LabelSelector {
  if (text.length > MAX_LENGTH)
    throw unreadable(text, `it is longer than ${MAX_LENGTH} characters`);
  const tokens = [...tokensOf(text)];
  const matchExpressions: LabelRequirement[] = [];
  let at = 0;
  const peek = (): string => tokens[at] ?? '';
  const take = (): string => tokens[at++] ?? '';
  while (at < tokens.length) {
    matchExpressions.push(requirement());
    if (at === tokens.length) break;
    if (take() !== ',') throw expected("',' or the end");
    if (at === tokens.length) throw expected('a label');
  }
  return { matchLabels: {}, matchExpressions };

  function requirement(): LabelRequirement {
    if (peek() === '!') {
      take();
      return { key: label(), operator: 'DoesNotExist', values: [] };
    }
    const key = label();
    if (peek() === ',' || at === tokens.length) return { key, operator: 'Exists', values: [] };
    const operator = take();
    switch (operator) {
      case '=':
      case '==':
        return { key, operator: 'In', values: [value()] };
      case '!=':
        return { key, operator: 'NotIn', values: [value()] };
      case 'in':
        return { key, operator: 'In', values: list() };
      case 'notin':
        return { key, operator: 'NotIn', values: list() };
      case '>':
        return { key, operator: 'Gt', values: [whole()] };
      case '<':
        return { key, operator: 'Lt', values: [whole()] };
      default:
        throw expected("one of '=', '!=', '==', 'in', 'notin', '>', '<'");
    }
  }

  function label(): string {
    const key = take();
    if (!isLabelName(key)) throw expected('the name of a label');
    return key;
  }

  /** Nothing before a comma is the empty value. */
  function value(): string {
    const isNothing = at === tokens.length || peek() === ',' || peek() === ')';
    const found = isNothing ? '' : take();
    if (!LABEL_VALUE.test(found)) throw expected('the value of a label');
    return found;
  }

  function whole(): string {
    const found = value();
    if (!isWhole(found)) throw expected('a whole number');
    return found;
  }

  function list(): readonly string[] {
    if (take() !== '(') throw expected("'('");
    const values = [value()];
    while (peek() === ',') {
      take();
      values.push(value());
    }
    if (take() !== ')') throw expected("',' or ')'");
    return values;
  }

  function expected(what: string): TiphysError {
    const found = tokens[at - 1] ?? '';
    return unreadable(text, `found '${found.slice(0, 100)}', expected ${what}`);
  }
}

function* tokensOf(text: string): Generator<string> {
  const rest = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < rest.length) {
    const at = TOKEN.lastIndex;
    const [, token = ''] = TOKEN.exec(rest) ?? [];
    if (token === '') throw unreadable(text, `cannot be read from character ${at}`);
    const next = TOKEN.lastIndex;
    yield token;
    TOKEN.lastIndex = next; // who reads the tokens may read others meanwhile
  }
}

function unreadable(text: string, why: string): TiphysError {
  return new TiphysError('RequestFailed', `selector "${text.slice(0, 200)}": ${why}`, {
    hint: 'Write it as for kubectl --selector: a=b,c!=d,e in (f,g),!h.',
  });
}

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const PREFIX = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function isLabelName(key: string): boolean {
  const slash = key.indexOf('/');
  if (slash < 0) return NAME.test(key);
  const prefix = key.slice(0, slash);
  return prefix.length <= 253 && PREFIX.test(prefix) && NAME.test(key.slice(slash + 1));
}

function isWhole(value: string | undefined): value is string {
  return value !== undefined && /^\d{1,19}$/.test(value);
}
