import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runIn } from './testing/run-in.ts';

const settings = (data: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: argocd-cm}\ndata:\n${data}`;

const box = (replicas: number, more = '') =>
  `apiVersion: example.com/v1\nkind: Box\nmetadata: {name: a}\nspec: {replicas: ${replicas}${more}}\nstatus: {ready: ${replicas}}\n`;

describe('commands that read argocd-cm from a file', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-settings-'));
    await write('one.yaml', box(1));
    await write('two.yaml', box(2));
    await write('three.yaml', box(2, ', image: other'));
    await write(
      'health.yaml',
      settings(
        `  resource.customizations.health.example.com_Box: |
    if obj.status.ready > 1 then return { status = "Healthy", message = obj.status.ready .. " ready" } end
    error("not enough")
`,
      ),
    );
    await write(
      'cel.yaml',
      settings(
        `  resource.customizations.healthCEL.example.com_Box: |
    - {status: Healthy, when: obj.status.ready > 1}
    - {status: Degraded, when: "true", message: "'only ' + string(obj.status.ready)"}
`,
      ),
    );
    await write(
      'ignore.yaml',
      settings(
        `  resource.customizations.ignoreDifferences.example.com_Box: |
    jqPathExpressions: [".spec | .replicas"]
`,
      ),
    );
    await write(
      'app.yaml',
      `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop}
spec:
  project: default
  source: {repoURL: https://git.example.com/shop.git, path: app}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
  ignoreDifferences:
    - {group: example.com, kind: Box, jsonPointers: [/spec/image]}
`,
    );
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const write = (path: string, text: string) => writeFile(join(dir, path), text);

  const cli = (...args: readonly string[]) => runIn(dir, args);

  const judged = async (file: string) =>
    (
      JSON.parse(
        (await cli('health', '-f', 'one.yaml', 'two.yaml', `--settings=${file}`, '-o', 'json'))
          .stdout,
      ) as readonly { file: string; status: string; message: string; rule: string }[]
    ).map((entry) => [entry.file, entry.status, entry.message, entry.rule]);

  test('health: Lua scripts judge, and one that fails is Unknown with its line', async () => {
    assert.deepEqual(await judged('health.yaml'), [
      ['one.yaml', 'Unknown', 'script:2: not enough', 'lua example.com/Box'],
      ['two.yaml', 'Healthy', '2 ready', 'lua example.com/Box'],
    ]);
  });

  test('health: CEL rules judge', async () => {
    assert.deepEqual(await judged('cel.yaml'), [
      ['one.yaml', 'Degraded', 'only 1', 'cel example.com/Box'],
      ['two.yaml', 'Healthy', '', 'cel example.com/Box'],
    ]);
  });

  const diff = (live: string, ...more: readonly string[]) =>
    cli('diff', '--desired=one.yaml', `--live=${live}`, ...more);

  test('diff: what the ConfigMap and the Application ignore is left out', async () => {
    assert.equal((await diff('two.yaml')).exitCode, 1);
    assert.equal((await diff('two.yaml', '--settings=ignore.yaml')).exitCode, 0);
    await write('own-image.yaml', box(1, ', image: ours'));
    const compare = (...more: readonly string[]) =>
      cli('diff', '--desired=own-image.yaml', '--live=three.yaml', ...more);
    assert.match((await compare('--settings=ignore.yaml')).stdout, /spec\.image/);
    assert.equal((await compare('--settings=ignore.yaml', '--app=app.yaml')).exitCode, 0);
  });

  test('a rule that does not work is an error that names it', async () => {
    const key = 'resource.customizations.ignoreDifferences.example.com_Box';
    await write('broken.yaml', settings(`  ${key}: 'jqPathExpressions: [".spec |"]'\n`));
    const { exitCode, stderr } = await diff('two.yaml', '--settings=broken.yaml');
    assert.equal(exitCode, 2);
    assert.match(stderr, /Box\/a: jq expression "\.spec \|"/);
  });

  test('a ConfigMap that makes no sense is an error that names its key', async () => {
    await write('nonsense.yaml', settings('  resource.compareoptions: "[]"\n'));
    const { exitCode, stderr } = await cli('health', '-f', 'one.yaml', '--settings=nonsense.yaml');
    assert.equal(exitCode, 2);
    assert.match(stderr, /nonsense\.yaml: resource\.compareoptions: is not a map/);
  });

  test('a file without a ConfigMap is an error', async () => {
    const { exitCode, stderr } = await cli('health', '-f', 'one.yaml', '--settings=two.yaml');
    assert.equal(exitCode, 2);
    assert.match(stderr, /two\.yaml: holds no ConfigMap/);
  });
});
