import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TiphysError } from '../../core/errors.ts';
import type { Generator } from '../../ports/generator.ts';
import { silentLogger } from '../../telemetry/silent.ts';
import { programVersions } from './programs.ts';

const { signal } = new AbortController();
const versionsOf = (versions: Readonly<Record<string, () => string>>) => {
  const generators = Object.entries(versions).map(
    ([name, version]) => ({ name, version: async () => version() }) as unknown as Generator,
  );
  const registry = { generators, select: () => Promise.reject(new Error('not asked')) };
  return programVersions({ ports: { generators: registry, logger: silentLogger } }, signal);
};

test('versions are those of programs, without the names around them', async () => {
  const jsonnet = 'Jsonnet commandline interpreter (Go implementation) v0.21.0';
  const found = await versionsOf({
    Helm: () => 'helm v4.2.3',
    Kustomize: () => 'kustomize v5.8.1',
    Directory: () => `directory 3, nunjucks 3.2.4, ${jsonnet}`,
    Plugin: () => 'plugin 7',
  });
  assert.deepEqual(found, { Helm: 'v4.2.3', Kustomize: 'v5.8.1', Jsonnet: 'v0.21.0' });
});

test('a program that is not there has no version', async () => {
  const found = await versionsOf({
    Helm: () => {
      throw new TiphysError('ToolMissing', 'helm: not found');
    },
    Directory: () => 'directory 3, nunjucks 3.2.4, no jsonnet',
  });
  assert.deepEqual(found, {});
});
