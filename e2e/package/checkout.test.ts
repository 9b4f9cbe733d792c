import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { progressToStderr as log, runTool } from '../controlplane/tool-cache.ts';

interface Version {
  readonly version: string;
}

const root = join(import.meta.dirname, '../..');
const signal = AbortSignal.timeout(60_000);

test('from a checkout, npx tiphys runs what make build made', async () => {
  const args = ['--no-install', 'tiphys', 'version', '-o', 'json'];
  const said = await runTool({ program: 'npx', args, cwd: root, log }, signal);
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Version;
  assert.equal((JSON.parse(said) as Version).version, version);
});
