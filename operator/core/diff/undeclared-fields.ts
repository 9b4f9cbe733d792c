import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';
import { valueAtPath, type JsonPath } from '../objects/json-path.ts';

/** As the API server refuses an apply: one field a line, or all in one. */
const UNDECLARED = /(\.[^\s:]\S*?): field not declared in schema/g;
/** `.name`, `[3]` or `[name="web",port=80]`. */
const STEP = /\.([^.[\]]+)|\[(\d+)\]|\[([^[\]=]+=[^[\]]*)\]/y;

/**
 * The fields of an object that a refusal of the API server calls not declared in the schema, such as
 * `.spec.template.spec.containers[name="web"].imag`. Fields that cannot be found in the object are
 * left out. Source: the messages of Kubernetes 1.36.
 */
export function undeclaredFields(refusal: string, object: JsonValue): readonly JsonPath[] {
  return [...refusal.matchAll(UNDECLARED)].flatMap(([, text = '']) => {
    const path = resolve(text, object);
    return path === undefined || valueAtPath(object, path) === undefined ? [] : [path];
  });
}

function resolve(text: string, object: JsonValue): JsonPath | undefined {
  const path: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const found = STEP.exec(text);
    if (found === null) return undefined;
    const [, name, index, keys] = found;
    const step =
      name ??
      (index === undefined ? itemWith(keys ?? '', valueAtPath(object, path)) : Number(index));
    if (step === undefined) return undefined;
    path.push(step);
  }
  return path;
}

/** Where the item of a list is that has these keys, `name="web",port=80`. */
function itemWith(keys: string, list: JsonValue | undefined): number | undefined {
  if (list === undefined || !isJsonArray(list)) return undefined;
  const wanted = keys.split(',').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  const index = list.findIndex(
    (item) =>
      isJsonObject(item) && wanted.every(([key, value]) => JSON.stringify(item[key]) === value),
  );
  return index === -1 ? undefined : index;
}
