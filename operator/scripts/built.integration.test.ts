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
test('the engine works as it is published, and keeps no process alive', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-scripts-'));
  try {
    const rolldown = join(root, 'node_modules/.bin/rolldown');
    await run(rolldown, ['-c', '--dir', join(folder, 'dist')], { cwd: root });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'program.js'), PROGRAM);
    const { stdout } = await run(process.execPath, ['program.js'], {
      cwd: folder,
      timeout: 60_000,
    });
    assert.deepEqual(JSON.parse(stdout), {
      lua: [{ type: 'value', value: { status: 'Healthy', message: 'web' } }],
      jq: [{ type: 'value', value: [['metadata', 'name']] }],
      cel: [{ type: 'value', value: { status: 'Degraded' } }],
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
}));
`;
