import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';
import { removePaths, type JsonPath } from '../objects/json-path.ts';
import { isKubeObject, type KubeObject } from '../objects/kube-object.ts';
import { builtInType } from './built-in-types.ts';
import { compareObject, type CompareOptions, FIELD_MANAGER } from './compare-object.ts';
import { normalise } from './normalise.ts';
import { memberType, type TypeSchema } from './type-schema.ts';

// testdata/<Kind>/<expected>-<why>.yaml: desired, live, and settings where there are any. `different`
// is certain, `suspected` is for the API server to decide. Live objects are what a real one made of
// an apply, as the live store keeps them. Adding a case is adding a file.

interface Case {
  readonly kind: string;
  readonly expected: string;
  readonly why: string;
  readonly desired: KubeObject;
  readonly live: KubeObject;
  readonly options: CompareOptions;
}

const folder = join(import.meta.dirname, 'testdata');
const cases: readonly Case[] = readdirSync(folder).flatMap((kind) =>
  readdirSync(join(folder, kind)).map((file) => {
    const text = readFileSync(join(folder, kind, file), 'utf8');
    const [desired, live, settings] = loadAll(text) as JsonValue[];
    assert.ok(isKubeObject(desired) && isKubeObject(live), `${kind}/${file}`);
    const [expected = '', ...why] = file.replace(/\.yaml$/, '').split('-');
    const own = isJsonObject(settings) ? settings : {};
    const options = { fieldManager: FIELD_MANAGER, ...own };
    return { kind, expected, why: why.join(' '), desired, live, options };
  }),
);

const outcomeOf = (
  { live, options }: Pick<Case, 'live' | 'options'>,
  desired: KubeObject,
): string => {
  const comparison = compareObject(desired, live, options);
  if (comparison.type !== 'different') return comparison.type;
  return comparison.certain ? 'different' : 'suspected';
};

for (const kind of new Set(cases.map((c) => c.kind)))
  describe(kind, () => {
    for (const c of cases.filter((one) => one.kind === kind))
      test(`${c.expected}: ${c.why}`, () => assert.equal(outcomeOf(c, c.desired), c.expected));
  });

describe('whatever the case', () => {
  const anyCase = fc.constantFrom(...cases);

  test('nothing differs from itself', () => {
    for (const { desired, live, options } of cases) {
      assert.equal(compareObject(desired, structuredClone(desired), options).type, 'equal');
      // What was applied under another version cannot be told from what is gone.
      if (desired.apiVersion === live.apiVersion)
        assert.equal(compareObject(live, live, options).type, 'equal');
    }
  });

  test('normalising twice is normalising once', () => {
    for (const { desired, live, options } of cases)
      for (const object of [desired, live]) {
        const once = normalise(object, options);
        assert.deepEqual(normalise(once, options), once);
      }
  });

  test('the order of keys says nothing', () =>
    fc.assert(
      fc.property(anyCase, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (c, dice) =>
        assert.equal(outcomeOf(c, shuffled(c.desired, undefined, dice, false)), c.expected),
      ),
      { numRuns: 500 },
    ));

  test('the order of lists by keys and of sets says nothing, but where it means something', () =>
    fc.assert(
      fc.property(anyCase, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (c, dice) => {
        const type = builtInType(c.desired.apiVersion, c.desired.kind);
        const live = shuffled(c.live, type, dice, true);
        assert.equal(outcomeOf({ ...c, live }, c.desired), c.expected);
      }),
      { numRuns: 500 },
    ));

  test('every part of desired that is left out is found, where we applied it', () => {
    let parts = 0;
    for (const { desired, live, options, expected } of cases) {
      if (expected !== 'equal' || !hasOwnApply(live)) continue;
      if (desired.apiVersion !== live.apiVersion || hasNoMeaning(desired)) continue;
      for (const path of ownedPaths(desired, live)) {
        parts += 1;
        const left = removePaths(desired, [path]);
        assert.equal(
          compareObject(left, live, options).type,
          'different',
          `${path.join('.')} of ${JSON.stringify(desired)}`,
        );
      }
    }
    assert.ok(parts > 1000);
  });

  test('inputs are left as they are', () => {
    for (const { desired, live, options } of cases) {
      const before = JSON.stringify([desired, live]);
      compareObject(desired, live, options);
      assert.equal(JSON.stringify([desired, live]), before);
    }
  });
});

/** The same object with keys, and on demand items, in another order. */
function shuffled(
  value: KubeObject,
  type: TypeSchema | undefined,
  dice: readonly number[],
  items: boolean,
): KubeObject {
  let turn = 0;
  const rolls = <T>(list: readonly T[]): T[] =>
    list
      .map((item, index) => {
        turn += 1;
        return { item, key: ((dice[(turn + index) % dice.length] ?? 0) * 31 + turn * 17) % 101 };
      })
      .sort((left, right) => left.key - right.key)
      .map(({ item }) => item);
  const walk = (node: JsonValue, of: TypeSchema | undefined): JsonValue => {
    if (isJsonArray(node)) {
      const inner = node.map((item) => walk(item, of?.element));
      const list = of?.list;
      const isFree = list?.type === 'set' || (list?.type === 'map' && list.isOrdered !== true);
      return items && isFree ? rolls(inner) : inner;
    }
    if (!isJsonObject(node)) return node;
    const members = Object.entries(node).map(
      ([name, member]) =>
        [name, member === undefined ? member : walk(member, memberType(of, name))] as const,
    );
    return Object.fromEntries(items ? members : rolls(members));
  };
  return walk(value, type) as KubeObject;
}

const hasOwnApply = (live: KubeObject): boolean =>
  live.metadata.managedFields?.length === 1 &&
  live.metadata.managedFields[0]?.operation === 'Apply';

/** A role whose rules are a controller's; a Secret that says the same twice. */
const hasNoMeaning = (desired: KubeObject): boolean =>
  desired['aggregationRule'] !== undefined || desired['stringData'] !== undefined;

/** Members of desired that our entry names and live has. */
function ownedPaths(desired: KubeObject, live: KubeObject): JsonPath[] {
  const fields = live.metadata.managedFields?.[0]?.fieldsV1 ?? {};
  const found: JsonPath[] = [];
  const walk = (set: JsonValue, wanted: JsonValue, actual: JsonValue, path: JsonPath): void => {
    if (!isJsonObject(set) || !isJsonObject(wanted) || !isJsonObject(actual)) return;
    for (const [step, below] of Object.entries(set)) {
      const name = step.slice(2);
      const [member, standing] = [wanted[name], actual[name]];
      if (!step.startsWith('f:') || below === undefined) continue;
      if (member === undefined || member === null || standing === undefined || standing === null)
        continue;
      if (path.length > 0 || name !== 'metadata') found.push([...path, name]);
      walk(below, member, standing, [...path, name]);
    }
  };
  walk(fields, desired, live, []);
  return found;
}
