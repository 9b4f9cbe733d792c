import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { TiphysError } from '../../operator/core/errors.ts';
import { locateProgram } from './locate-program.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tiphys-locate-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function program(folder: string, name: string, mode = 0o755): Promise<string> {
  const path = join(root, folder, name);
  await mkdir(join(root, folder), { recursive: true });
  await writeFile(path, '#!/bin/sh\n');
  await chmod(path, mode);
  return path;
}

const places = () => ({
  path: [join(root, 'first'), join(root, 'second')].join(delimiter),
  toolCache: join(root, 'cache'),
});

test('a configured path, then PATH in its order, then the tool cache', async () => {
  const cached = await program('cache', 'helm');
  assert.equal(await locateProgram('helm', places()), cached);
  const second = await program('second', 'helm');
  assert.equal(await locateProgram('helm', places()), second);
  const first = await program('first', 'helm');
  assert.equal(await locateProgram('helm', places()), first);
  const configured = await program('elsewhere', 'helm-4');
  assert.equal(await locateProgram(configured, places()), configured);
});

test('a configured path that is not absolute is one of this folder, not of where programs run', async () => {
  const path = await program('bin', 'helm-4');
  const before = process.cwd();
  process.chdir(root);
  try {
    assert.equal(await locateProgram('./bin/helm-4', places()), await realpath(path));
  } finally {
    process.chdir(before);
  }
});

test('what cannot be executed, and folders of that name, are passed over', async () => {
  await program('first', 'helm', 0o644);
  await mkdir(join(root, 'second', 'helm'), { recursive: true });
  const cached = await program('cache', 'helm');
  assert.equal(await locateProgram('helm', places()), cached);
});

test('folders that are not absolute are passed over: a repository could hold such a program', async () => {
  await program('', 'helm');
  const before = process.cwd();
  process.chdir(root);
  try {
    const path = ['', '.', '../'].join(delimiter);
    await assert.rejects(locateProgram('helm', { path }), { code: 'ToolMissing' });
  } finally {
    process.chdir(before);
  }
});

test('the error names every place and how to get the program', async () => {
  const { path, toolCache } = places();
  await assert.rejects(locateProgram('helm', { path, toolCache }), (error) => {
    assert.ok(error instanceof TiphysError);
    assert.equal(error.code, 'ToolMissing');
    assert.equal(
      error.message,
      `helm: not found in PATH (${join(root, 'first')}, ${join(root, 'second')}) nor in the tool cache (${toolCache})`,
    );
    assert.match(error.hint, /https:\/\/helm\.sh.*--helm/s);
    assert.ok(error.hint.includes(toolCache));
    return true;
  });
  await assert.rejects(locateProgram('/no/such/kustomize', { path, toolCache }), (error) => {
    assert.ok(error instanceof TiphysError);
    assert.equal(error.message, '/no/such/kustomize: no such program');
    assert.match(error.hint, /configured path/);
    return true;
  });
});
