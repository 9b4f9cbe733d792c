import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { readDiscovered, readPlan } from './lua-actions.ts';

describe('what a discovery script returns', () => {
  test('names with what is said of them, sorted; nothing needs to be said', () => {
    const found = readDiscovered({
      zap: [],
      fly: {
        disabled: true,
        displayName: 'Fly away',
        iconClass: 'fa fa-plane',
        params: [{ name: 'where', type: 'text' }, { type: 'no name' }, 'text'],
      },
      odd: { disabled: 'yes', displayName: 5, iconClass: false, params: 'x' },
      wild: 'text',
    });
    const plain = { iconClass: '', disabled: false, params: [] };
    assert.deepEqual(found, {
      type: 'value',
      value: [
        {
          name: 'fly',
          displayName: 'Fly away',
          iconClass: 'fa fa-plane',
          disabled: true,
          params: [{ name: 'where' }],
        },
        { name: 'odd', displayName: 'odd', ...plain },
        { name: 'wild', displayName: 'wild', ...plain },
        { name: 'zap', displayName: 'zap', ...plain },
      ],
    });
  });

  test('an empty table is no actions', () => {
    assert.deepEqual(readDiscovered([]), { type: 'value', value: [] });
  });

  for (const odd of [undefined, [1], 'text'])
    test(`${JSON.stringify(odd)} is a problem`, () => {
      assert.equal(readDiscovered(odd).type, 'problem');
    });
});

const live: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', annotations: { a: '1' } },
  data: {},
};
const returned = { ...live, data: [], metadata: { ...live.metadata, annotations: [] } };
const other = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'other' } };

interface Case {
  readonly name: string;
  readonly result: JsonValue | undefined;
  readonly steps?: JsonValue;
  readonly problem?: RegExp;
}

const cases: readonly Case[] = [
  {
    name: 'the object with changes',
    result: returned,
    steps: [
      {
        operation: 'patch',
        object: { ...live, metadata: { ...live.metadata, annotations: {} } },
      },
    ],
  },
  {
    name: 'operations, in their order',
    result: [
      { operation: 'create', resource: { ...other, data: [] } },
      { operation: 'patch', resource: live },
    ],
    steps: [
      { operation: 'create', object: { ...other, data: {} } },
      { operation: 'patch', object: live },
    ],
  },
  {
    name: 'a name that the API server makes',
    result: [{ operation: 'create', resource: { ...other, metadata: { generateName: 'x-' } } }],
    steps: [{ operation: 'create', object: { ...other, metadata: { generateName: 'x-' } } }],
  },
  { name: 'nothing to do', result: [], steps: [] },
  { name: 'nothing', result: undefined, problem: /^it returned nothing$/ },
  { name: 'a text', result: 'text', problem: /^the resource has no apiVersion, kind or metadata$/ },
  {
    name: 'an unknown operation',
    result: [{ operation: 'delete', resource: live }],
    problem: /^operation 1: "delete" is none of create and patch$/,
  },
  { name: 'no operation', result: [{ resource: live }], problem: /^operation 1: it names no op/ },
  { name: 'a list of texts', result: ['x'], problem: /^operation 1: it is no table/ },
  { name: 'no resource', result: [{ operation: 'create' }], problem: /has no apiVersion/ },
  {
    name: 'a new object without a name',
    result: [{ operation: 'create', resource: { ...other, metadata: { labels: { a: '1' } } } }],
    problem: /^operation 1: the resource has no name$/,
  },
  {
    name: 'a patch of another object',
    result: [
      { operation: 'create', resource: other },
      { operation: 'patch', resource: { ...other, metadata: { ...live.metadata, name: 'other' } } },
    ],
    problem: /^operation 2: only the object that the action runs on can be patched/,
  },
  {
    name: 'a part of the object',
    result: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'shop' } },
    problem: /^only the object that the action runs on/,
  },
  {
    name: 'another version of the object',
    result: { ...live, apiVersion: 'v2' },
    problem: /^only the object that the action runs on/,
  },
  {
    name: 'two patches',
    result: [
      { operation: 'patch', resource: live },
      { operation: 'patch', resource: live },
    ],
    problem: /^it patches the object more than once$/,
  },
];

describe('what an action script returns', () => {
  for (const { name, result, steps, problem } of cases)
    test(name, () => {
      const read = readPlan(live, result);
      if (problem === undefined) assert.deepEqual(read, { type: 'value', value: steps });
      else assert.match(read.type === 'problem' ? read.problem : 'no problem', problem);
    });
});
