import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ignoreRulesFor, NO_RULES, parsePointer, pathsOfPointers } from './ignore-rules.ts';

const web = { group: 'apps', kind: 'Deployment', namespace: 'shop', name: 'web' };
const rule = { jsonPointers: ['/spec/replicas'], jqPathExpressions: [], managedFieldsManagers: [] };

describe('which rules apply', () => {
  const cases = [
    { name: 'group and kind', rule: { group: 'apps', kind: 'Deployment' }, applies: true },
    { name: 'globs', rule: { group: '*', kind: 'Deploy*' }, applies: true },
    { name: 'another kind', rule: { group: 'apps', kind: 'StatefulSet' }, applies: false },
    { name: 'no group is the core group', rule: { kind: 'Deployment' }, applies: false },
    { name: 'name', rule: { group: 'apps', kind: '*', name: 'web' }, applies: true },
    { name: 'names are no globs', rule: { group: 'apps', kind: '*', name: 'w*' }, applies: false },
    { name: 'namespace', rule: { group: 'apps', kind: '*', namespace: 'x' }, applies: false },
  ];
  for (const { name, rule: own, applies } of cases)
    test(name, () => {
      const rules = ignoreRulesFor(web, [{ ...own, jsonPointers: ['/spec/replicas'] }], []);
      assert.deepEqual(rules.pointers, applies ? [['spec', 'replicas']] : []);
      if (!applies) assert.equal(rules, NO_RULES);
    });

  test("the administrator's and the application's add up, each once", () => {
    const own = {
      group: 'apps',
      kind: 'Deployment',
      jsonPointers: ['/spec/replicas', '/spec/paused'],
      jqPathExpressions: ['.spec.x'],
      managedFieldsManagers: ['hpa'],
    };
    const rules = ignoreRulesFor(web, [own], [rule, rule]);
    assert.deepEqual(rules, {
      pointers: [
        ['spec', 'replicas'],
        ['spec', 'paused'],
      ],
      jq: ['.spec.x'],
      managers: ['hpa'],
    });
  });
});

describe('pointers', () => {
  test('escapes', () => {
    assert.deepEqual(parsePointer('/metadata/labels/a~1b~0c'), ['metadata', 'labels', 'a/b~c']);
  });
  test('what does not begin with a slash names nothing', () => {
    assert.deepEqual(parsePointer('spec/replicas'), []);
  });
  const object = {
    spec: { list: [{ v: 1 }, { v: 2, w: 3 }], map: { a: { v: 1 }, '*': { v: 2 } } },
  };
  const cases = [
    { pointer: '/spec/list/1', paths: [['spec', 'list', 1]] },
    { pointer: '/spec/list/01', paths: [] },
    {
      pointer: '/spec/list/*/v',
      paths: [
        ['spec', 'list', 0, 'v'],
        ['spec', 'list', 1, 'v'],
      ],
    },
    { pointer: '/spec/list/*/w', paths: [['spec', 'list', 1, 'w']] },
    {
      pointer: '/spec/map/*/v',
      paths: [
        ['spec', 'map', 'a', 'v'],
        ['spec', 'map', '*', 'v'],
      ],
    },
    { pointer: '/spec/nowhere/v', paths: [] },
    { pointer: '/spec/constructor', paths: [] },
  ];
  for (const { pointer, paths } of cases)
    test(pointer, () => assert.deepEqual(pathsOfPointers(object, [parsePointer(pointer)]), paths));
});
