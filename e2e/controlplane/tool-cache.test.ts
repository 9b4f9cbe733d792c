import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { resolveBinaries } from './binaries.ts';
import { cachedFile, toolCacheFolder } from './tool-cache.ts';
import { parseVersion, resolveTool } from './tools.ts';
import { sleep } from './waiting.ts';

const signal = AbortSignal.timeout(300_000); // helm may have to be fetched

describe('programs', () => {
  let folder: string;
  const lines: string[] = [];
  const log = (line: string) => void lines.push(line);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiphys-cache-'));
  });
  after(() => rm(folder, { recursive: true }));

  async function program(path: string, says: string): Promise<string> {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), `#!/bin/sh\necho '${says}'\n`);
    await chmod(join(folder, path), 0o755);
    return join(folder, path);
  }

  test('a file that several ask for at once is made once, and appears whole', async () => {
    let made = 0;
    const ask = () =>
      cachedFile(
        {
          path: join(folder, 'once'),
          label: 'once',
          log,
          async make(target) {
            made += 1;
            await writeFile(target, 'half');
            await sleep(50, signal);
            assert.deepEqual((await readdir(folder)).includes('once'), false);
            await writeFile(target, 'whole');
          },
        },
        signal,
      );
    const paths = await Promise.all([ask(), ask(), ask()]);
    assert.equal(made, 1);
    assert.deepEqual(new Set(paths), new Set([join(folder, 'once')]));
    assert.equal(await readFile(join(folder, 'once'), 'utf8'), 'whole');
    assert.deepEqual(await readdir(folder), ['once']);
  });

  test('a failed attempt leaves nothing in the way', async () => {
    const path = join(folder, 'retried');
    const failing = { path, label: 'x', log, make: () => Promise.reject(new Error('no network')) };
    await assert.rejects(cachedFile(failing, signal), /no network/);
    const working = { ...failing, make: (target: string) => writeFile(target, 'yes') };
    assert.equal(await cachedFile(working, signal), path);
  });

  test('the lock of a process that died is taken over', async () => {
    const path = join(folder, 'locked');
    const dead = spawnSync('true').pid;
    await writeFile(`${path}.lock`, String(dead));
    await cachedFile({ path, label: 'x', log, make: (target) => writeFile(target, '') }, signal);
  });

  test('KUBEBUILDER_ASSETS gives what it has', async () => {
    const etcd = await program('assets/etcd', '');
    const apiServer = await program('assets/kube-apiserver', '');
    const binaries = await resolveBinaries({
      env: { KUBEBUILDER_ASSETS: join(folder, 'assets') },
      cacheDir: join(folder, 'empty'),
      components: ['etcd', 'kube-apiserver'],
      log,
      signal,
    });
    assert.deepEqual([binaries.etcd, binaries['kube-apiserver']], [[etcd], [apiServer]]);
  });

  const cases = [
    { name: 'helm', says: 'v3.14.0+g3fc9f4b', suits: true },
    { name: 'helm', says: 'v3.13.3+g1', suits: false },
    { name: 'kubectl', says: 'Client Version: v1.35.2', suits: true },
    { name: 'kubectl', says: 'Client Version: v1.32.4-dispatcher', suits: false },
    { name: 'kubectl', says: 'Client Version: v1.36.0-dispatcher', suits: false },
    { name: 'kustomize', says: 'v5.8.1', suits: true },
  ] as const;
  for (const [index, { name, says, suits }] of cases.entries()) {
    test(`${name} on PATH that says "${says}" is ${suits ? '' : 'not '}used`, async () => {
      const path = await program(`path-${index}/${name}`, says);
      const env = { PATH: join(folder, `path-${index}`) };
      const stop = new AbortController();
      const options = { env, cacheDir: join(folder, 'none'), log, signal: stop.signal };
      if (suits) return assert.equal(await resolveTool(name, options), path);
      // Without a suitable one it would be fetched: seen by its first line of progress.
      const told = (line: string) => stop.abort(new Error(line));
      await assert.rejects(
        resolveTool(name, { ...options, log: told }),
        /fetching|none to download/,
      );
    });
  }

  test('a program of the cache stands there under its own name too, for the operator', async () => {
    const path = await resolveTool('helm', {
      env: { ...process.env, HELM: '', PATH: '' },
      log,
      signal,
    });
    const name = join(toolCacheFolder(process.env), 'bin', 'helm');
    assert.equal(await realpath(name), await realpath(path));
  });

  test('a configured path is used without question', async () => {
    const options = { env: { HELM: '/opt/helm' }, log, signal };
    assert.equal(await resolveTool('helm', options), '/opt/helm');
  });

  test('versions are read from what programs say', () => {
    assert.deepEqual(parseVersion('Client Version: v1.36.3\nKustomize Version: v5.8.1'), {
      major: 1,
      minor: 36,
      suffix: '',
    });
    assert.equal(parseVersion('usage: helm'), undefined);
  });
});
