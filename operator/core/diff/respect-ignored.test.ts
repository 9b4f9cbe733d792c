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
    name: 'an item that only live has is appended',
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
        { name: 'web', image: 'b' },
        { name: 'proxy', image: 'p' },
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
