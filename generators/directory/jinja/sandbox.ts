/**
 * What a template may reach. Jinja2 templates look up names and members; JavaScript would answer such a
 * look-up with its prototypes, and a prototype leads to `Function`. So only own members of values count,
 * and of texts, lists, maps and numbers a fixed table of methods, those of JavaScript and of Python.
 */
export function lookupMember(target: unknown, member: unknown): unknown {
  if (target === undefined || target === null) return undefined;
  if (typeof target === 'string') return ofText(target, member);
  if (Array.isArray(target)) return ofList(target, member);
  if (typeof target === 'number') return method(NUMBER, target, String(member));
  if (typeof target !== 'object') return undefined;
  if (isMarkedText(target)) return ofText(target.valueOf(), member);
  return ofMap(target as Readonly<Record<string, unknown>>, String(member));
}

/** A variable: of the template itself, else of the values, else a global. Never an inherited name. */
export function lookupName(
  name: string,
  scopes: readonly Readonly<Record<string, unknown>>[],
): unknown {
  const scope = scopes.find((one) => Object.hasOwn(one, name));
  return scope === undefined ? CONSTANTS.get(name) : scope[name];
}

type Method<T> = (target: T, ...args: readonly unknown[]) => unknown;
type Methods<T> = ReadonlyMap<string, Method<T>>;

const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['True', true],
  ['False', false],
  ['None', null],
]);

const TEXT: Methods<string> = new Map<string, Method<string>>([
  ...native<string>(String.prototype, [
    ...['charAt', 'concat', 'endsWith', 'includes', 'indexOf', 'lastIndexOf', 'padEnd', 'padStart'],
    ...['repeat', 'replace', 'replaceAll', 'slice', 'split', 'startsWith', 'substring'],
    ...['toLowerCase', 'toUpperCase', 'toString', 'trim', 'trimEnd', 'trimStart'],
  ]),
  ['upper', (text) => text.toUpperCase()],
  ['lower', (text) => text.toLowerCase()],
  ['strip', (text) => text.trim()],
  ['lstrip', (text) => text.trimStart()],
  ['rstrip', (text) => text.trimEnd()],
  ['startswith', (text, start) => text.startsWith(String(start))],
  ['endswith', (text, end) => text.endsWith(String(end))],
]);

const LIST: Methods<readonly unknown[]> = new Map<string, Method<readonly unknown[]>>(
  native<readonly unknown[]>(Array.prototype, [
    ...['at', 'concat', 'includes', 'indexOf', 'join', 'lastIndexOf', 'slice'],
  ]),
);

const NUMBER: Methods<number> = new Map<string, Method<number>>(
  native<number>(Number.prototype, ['toFixed', 'toString']),
);

const MAP: Methods<Readonly<Record<string, unknown>>> = new Map<
  string,
  Method<Readonly<Record<string, unknown>>>
>([
  ['items', (map) => Object.entries(map)],
  ['keys', (map) => Object.keys(map)],
  ['values', (map) => Object.values(map)],
  [
    'get',
    (map, key, otherwise = null) => {
      const value = lookupName(String(key), [map]);
      return value === undefined ? otherwise : value;
    },
  ],
]);

function ofText(text: string, member: unknown): unknown {
  if (member === 'length') return text.length;
  if (isIndex(member)) return text.at(Number(member));
  return method(TEXT, text, String(member));
}

function ofList(list: readonly unknown[], member: unknown): unknown {
  if (member === 'length') return list.length;
  if (isIndex(member)) return list.at(Number(member));
  return method(LIST, list, String(member));
}

function ofMap(map: Readonly<Record<string, unknown>>, member: string): unknown {
  if (!Object.hasOwn(map, member)) return method(MAP, map, member);
  const value = map[member];
  if (typeof value !== 'function') return value;
  return (...args: readonly unknown[]): unknown => Reflect.apply(value, map, args);
}

function method<T>(methods: Methods<T>, target: T, name: string): unknown {
  const found = methods.get(name);
  return found === undefined ? undefined : (...args: readonly unknown[]) => found(target, ...args);
}

function native<T>(prototype: object, names: readonly string[]): [string, Method<T>][] {
  return names.map((name) => {
    const found: unknown = Reflect.get(prototype, name);
    if (typeof found !== 'function') throw new Error(`${name} is no method`);
    return [name, (target, ...args) => Reflect.apply(found, target, args) as unknown];
  });
}

/** Text that a filter has marked as safe is an object to nunjucks. */
function isMarkedText(target: object): target is { valueOf(): string } {
  return target instanceof String;
}

function isIndex(member: unknown): boolean {
  return typeof member === 'number' || (typeof member === 'string' && /^-?\d+$/.test(member));
}
