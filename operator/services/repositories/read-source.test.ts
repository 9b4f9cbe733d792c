import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownerOf } from '../clusters/rotate-auth.ts';
import { readOverrides } from '../settings/resource-overrides.ts';
import type { ApplicationSource } from '../../core/app/types.ts';
import { fileParametersOf, imagesOf, leavesOf } from './read-source.ts';

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

test('images of a kustomization are as they are afterwards', () => {
  const images = [
    { name: 'a', newTag: '1' },
    { name: 'b', newName: 'c', digest: 'sha256:x' },
    { name: 'd' },
    { newTag: '2' },
    'e',
  ];
  assert.deepEqual(imagesOf({ images }), ['a:1', 'c@sha256:x', 'd']);
  assert.deepEqual(imagesOf('no'), []);
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
