import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG_KEYS } from './keys.ts';
import { settingsWithoutEffect, WITHOUT_EFFECT } from './without-effect.ts';

test('what is set and has no effect is told with the reason', () => {
  const [first] = WITHOUT_EFFECT;
  assert.ok(first !== undefined);
  const env = { [first.name]: 'x', ARGOCD_GRPC_MAX_SIZE_MB: '', ARGOCD_EXEC_TIMEOUT: '1s' };
  assert.deepEqual(settingsWithoutEffect(env), [first]);
  assert.deepEqual(settingsWithoutEffect({}), []);
});

test('no setting both has an effect and has none, and each is named once', () => {
  const known = new Set(Object.values(CONFIG_KEYS).flatMap(({ env }) => env));
  const names = WITHOUT_EFFECT.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name) => known.has(name)),
    [],
  );
  assert.equal(new Set(names).size, names.length);
});
