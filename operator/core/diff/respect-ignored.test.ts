import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../objects/json.ts';
import type { JsonPath } from '../objects/json-path.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { respectIgnored } from './respect-ignored.ts';

const object = (spec: JsonObject): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name: 'a' },
  spec,
});

const cases: readonly {
  readonly name: string;
  readonly desired: JsonObject;
  readonly live: JsonObject;
  readonly paths: { readonly desired: readonly JsonPath[]; readonly live: readonly JsonPath[] };
  readonly expected: JsonObject;
}[] = [
  {
    name: 'a value is taken over',
    desired: { replicas: 1, image: 'b' },
    live: { replicas: 5, image: 'a' },
    paths: { desired: [['spec', 'replicas']], live: [['spec', 'replicas']] },
    expected: { replicas: 5, image: 'b' },
  },
  {
    name: 'what desired lacks is taken over too',
    desired: { image: 'b' },
    live: { replicas: 5 },
    paths: { desired: [], live: [['spec', 'replicas']] },
    expected: { image: 'b', replicas: 5 },
  },
  {
    name: 'what live lacks is left out',
    desired: { replicas: 1 },
    live: {},
    paths: { desired: [['spec', 'replicas']], live: [] },
    expected: {},
  },
  {
    name: 'items are matched by name, wherever they stand',
    desired: {
      containers: [
        { name: 'web', image: 'b' },
        { name: 'log', image: 'l' },
      ],
    },
    live: {
      containers: [
        { name: 'log', image: 'L' },
        { name: 'web', image: 'a' },
      ],
    },
    paths: {
      desired: [['spec', 'containers', 1, 'image']],
      live: [['spec', 'containers', 0, 'image']],
    },
    expected: {
      containers: [
        { name: 'web', image: 'b' },
        { name: 'log', image: 'L' },
      ],
    },
  },
  {
    name: 'an item that only live has stays where live has it',
    desired: { containers: [{ name: 'web', image: 'b' }] },
    live: {
      containers: [
        { name: 'proxy', image: 'p' },
        { name: 'web', image: 'a' },
      ],
    },
    paths: { desired: [], live: [['spec', 'containers', 0]] },
    expected: {
      containers: [
        { name: 'proxy', image: 'p' },
        { name: 'web', image: 'b' },
      ],
    },
  },
  {
    name: 'a part of an item that desired does not have is nobody’s',
    desired: { containers: [{ name: 'web' }] },
    live: { containers: [{ name: 'proxy', image: 'p' }] },
    paths: { desired: [], live: [['spec', 'containers', 0, 'image']] },
    expected: { containers: [{ name: 'web' }] },
  },
  {
    name: 'several items that only live has stay where they are, also where others are left out',
    desired: {
      pods: [
        { name: 'x' },
        { name: 'y', init: [{ name: 'old' }, { name: 'b', image: '2' }, { name: 'd' }] },
      ],
    },
    live: {
      pods: [
        {
          name: 'y',
          init: [
            { name: 'a' },
            { name: 'b', image: '1' },
            { name: 'c' },
            { name: 'd' },
            { name: 'e' },
          ],
        },
      ],
    },
    paths: {
      desired: [
        ['spec', 'pods', 0],
        ['spec', 'pods', 1, 'init', 0],
      ],
      live: [4, 2, 0].map((index) => ['spec', 'pods', 0, 'init', index]),
    },
    expected: {
      pods: [
        {
          name: 'y',
          init: [
            { name: 'a' },
            { name: 'b', image: '2' },
            { name: 'c' },
            { name: 'd' },
            { name: 'e' },
          ],
        },
      ],
    },
  },
  {
    name: 'plain values of a list',
    desired: { args: ['a', 'b'] },
    live: { args: ['a', 'x'] },
    paths: { desired: [['spec', 'args', 1]], live: [['spec', 'args', 1]] },
    expected: { args: ['a', 'x'] },
  },
];

describe('ignored parts stay as they are in live', () => {
  for (const { name, desired, live, paths, expected } of cases)
    test(name, () =>
      assert.deepEqual(respectIgnored(object(desired), object(live), paths)['spec'], expected),
    );
});
