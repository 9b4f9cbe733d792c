import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownerOf } from '../clusters/rotate-auth.ts';
import { readOverrides } from '../settings/resource-overrides.ts';
import type { ApplicationSource } from '../../core/app/types.ts';
import type { JsonObject } from '../../core/objects/json.ts';
import {
  fileParametersOf,
  imagesIn,
  leavesOf,
  leavesOfAll,
  valueFilesIn,
} from './source-offers.ts';

test('leaves of values are named as helm --set names them', () => {
  const values = {
    image: { tag: 7, 'a.b': true },
    list: [{ x: null }, 'y'],
    empty: {},
    none: null,
  };
  assert.deepEqual(leavesOf(values), [
    { name: 'image.tag', value: '7' },
    { name: 'image.a\\.b', value: 'true' },
    { name: 'list[1]', value: 'y' },
  ]);
  assert.deepEqual([leavesOf('text'), leavesOf(undefined)], [[], []]);
});

test('parameters from files are those of the source that was sent, whatever else was', () => {
  const one = { name: 'config', path: 'files/config.yaml' };
  for (const [fileParameters, expected] of [
    [[one], [one]],
    [[{ ...one, more: 1 }, { name: 'x' }, { name: 1, path: 'y' }, null, 'text'], [one]],
    ['text', []],
    [{ length: 2 }, []],
    [null, []],
    [undefined, []],
  ] as const) {
    const source = { helm: { fileParameters } } as unknown as ApplicationSource;
    assert.deepEqual(fileParametersOf(source), expected);
  }
  assert.deepEqual(fileParametersOf({}), []);
});

test('a later file of values goes before an earlier one', () => {
  const files = [{ a: 1, b: { c: 'x' } }, undefined, { b: { c: 'y' }, d: true }];
  assert.deepEqual(leavesOfAll(files), [
    { name: 'a', value: '1' },
    { name: 'b.c', value: 'y' },
    { name: 'd', value: 'true' },
  ]);
});

test('files of values are found below the chart, by their name', () => {
  const file = (path: string) => ({ path, type: 'file' as const });
  const entries = [
    file('web/values.yaml'),
    file('web/env/my-VALUES-prod.YML'),
    file('web/values/readme.yaml'),
    file('web/values.txt'),
    { path: 'web/link-values.yaml', type: 'symlink' as const },
  ];
  assert.deepEqual(valueFilesIn(entries, 'web'), ['env/my-VALUES-prod.YML', 'values.yaml']);
  assert.deepEqual(valueFilesIn([file('values.yaml')], ''), ['values.yaml']);
});

test('images are those of all containers, wherever a kind has them', () => {
  const pod = { initContainers: [{ image: 'a:1' }], containers: [{ image: 'b' }, { name: 'x' }] };
  const of = (kind: string, spec: JsonObject) => ({ apiVersion: 'v1', kind, metadata: {}, spec });
  const objects = [
    of('Pod', pod),
    of('CronJob', { jobTemplate: { spec: { template: { spec: pod } } } }),
    of('Other', { image: 'no', containers: 'no', sets: [{ containers: [{ image: 'c' }, 'x'] }] }),
  ];
  assert.deepEqual(imagesIn(objects), ['a:1', 'b', 'c']);
});

test('a token says which service account it belongs to', () => {
  const token = (claims: object) => `x.${btoa(JSON.stringify(claims)).replace(/=+$/, '')}.y`;
  const legacy = {
    sub: 'system:serviceaccount:kube-system:manager',
    'kubernetes.io/serviceaccount/secret.name': 's',
  };
  assert.deepEqual(ownerOf(token(legacy)), {
    namespace: 'kube-system',
    name: 'manager',
    secret: 's',
  });
  assert.deepEqual(ownerOf(token({ sub: legacy.sub }))?.secret, '');
  for (const other of [token({ sub: 'me' }), token({}), 'opaque', 'a.b.c'])
    assert.equal(ownerOf(other), undefined);
});

test('overrides of kinds are those of their own keys over those of the one text', () => {
  const texts = new Map([
    ['resource.customizations.health.apps_Deployment', 'new'],
    ['resource.customizations.useOpenLibs.Pod', 'true'],
    ['resource.customizations.ignoreDifferences.all', 'x'],
    ['resource.customizations.unknown.Pod', 'x'],
  ]);
  assert.deepEqual(
    readOverrides(texts, { 'apps/Deployment': { 'health.lua': 'old', actions: 'a' } }),
    {
      'apps/Deployment': { 'health.lua': 'new', actions: 'a' },
      Pod: { 'health.lua.useOpenLibs': true },
      '*/*': { ignoreDifferences: 'x' },
    },
  );
});
