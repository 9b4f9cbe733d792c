import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

/** The thread's file has another name in the package than in the sources. */
test('what is published works, knows how it was built, and keeps no process alive', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-scripts-'));
  try {
    const rolldown = join(root, 'node_modules/.bin/rolldown');
    const env = { ...process.env, SOURCE_DATE_EPOCH: '1700000000', EXTRA_BUILD_INFO: 'nightly' };
    await run(rolldown, ['-c', '--dir', join(folder, 'dist')], { cwd: root, env });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(
      join(folder, 'package.json'),
      '{ "type": "module", "name": "tiphys", "version": "1.2.3" }',
    );
    await writeFile(join(folder, 'program.js'), PROGRAM);
    const { stdout } = await run(process.execPath, ['program.js'], {
      cwd: folder,
      timeout: 60_000,
    });
    assert.deepEqual(JSON.parse(stdout), {
      lua: [{ type: 'value', value: { status: 'Healthy', message: 'web' } }],
      jq: [{ type: 'value', value: [['metadata', 'name']] }],
      cel: [{ type: 'value', value: { status: 'Degraded' } }],
      link: { type: 'value', value: 'https://x/WEB' },
    });
    const told = await run(process.execPath, ['dist/main.js', 'version', '-o', 'json'], {
      cwd: folder,
    });
    const head = await run('git', ['rev-parse', 'HEAD'], { cwd: root });
    const { gitTreeState, gitTag: _, ...known } = JSON.parse(told.stdout) as Record<string, string>;
    assert.match(gitTreeState ?? '', /^(clean|dirty)$/);
    assert.deepEqual(known, {
      version: '1.2.3',
      buildDate: '2023-11-14T22:13:20Z',
      gitCommit: head.stdout.trim(),
      extraBuildInfo: 'nightly',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Never disposes its engine: an idle thread must not keep the program from ending. */
const PROGRAM = `
import { createScriptEngine } from './dist/adapters.js';
import { systemClock } from './dist/index.js';

const engine = createScriptEngine({ clock: systemClock });
const { signal } = new AbortController();
const objects = [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' } }];
const source = 'return {status = "Healthy", message = obj.metadata.name}';
console.log(JSON.stringify({
  lua: await engine.luaHealth({ source, openLibs: false }, objects, signal),
  jq: await engine.jqPaths('.metadata.name', objects, signal),
  cel: await engine.celHealth({ rules: [{ status: 'Degraded', when: 'obj.kind == "ConfigMap"' }] }, objects, signal),
  link: await engine.linkUrl({ url: 'https://x/{{.metadata.name | upper}}', condition: 'kind == "ConfigMap"' }, objects[0], signal),
}));
`;
