import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/parse-config.ts';
import { hasCode } from '../core/errors.ts';
import { redisOptions } from './redis-options.ts';

function options(redis: string, env: Record<string, string> = {}, ...more: string[]) {
  const parsed = parseConfig({ argv: [`--redis=${redis}`, ...more], env: {} });
  assert.ok(parsed.type === 'ok');
  return redisOptions(parsed.config, { env });
}

test('host, port and who signs in', async () => {
  const one = await options('redis:6380', { REDIS_PASSWORD: 'p', REDIS_USERNAME: '' });
  assert.deepEqual(
    [one.host, one.port, one.password, one.username],
    ['redis', 6380, 'p', undefined],
  );
  const other = await options('[::1]', {}, '--redis-tls', '--redis-compression=none');
  assert.deepEqual([other.host, other.port, other.tls, other.compress], ['::1', 6379, {}, false]);
});

test('what is no address, and a file that is not there, are named', async () => {
  for (const redis of ['redis://x', 'a:b', 'a b'])
    await assert.rejects(options(redis), (error) => hasCode(error, 'InvalidConfig'));
  await assert.rejects(
    options('redis', {}, '--redis-ca-certificate=/nowhere/ca.pem'),
    /--redis-ca-certificate: .*nowhere/,
  );
});
