import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { application, type CliFolder, createCliFolder } from './testing/cli-folder.ts';

describe('tiphys render', () => {
  let folder: CliFolder;
  before(async () => {
    folder = await createCliFolder();
  });
  after(() => folder[Symbol.asyncDispose]());

  test('render sets namespaces and marks, with no cluster and no network', async () => {
    const { exitCode, stdout } = await folder.cli([
      'render',
      'app.yaml',
      '--repo-dir',
      'repo',
      '-o',
      'json',
    ]);
    assert.equal(exitCode, 0);
    const { items } = JSON.parse(stdout) as {
      items: {
        kind: string;
        metadata: { namespace?: string; annotations: Record<string, string> };
      }[];
    };
    const seen = items.map(({ kind, metadata }) => [
      kind,
      metadata.namespace,
      metadata.annotations['argocd.argoproj.io/tracking-id'],
    ]);
    assert.deepEqual(seen, [
      ['ClusterRole', undefined, 'shop:rbac.authorization.k8s.io/ClusterRole:shop/reader'],
      ['Deployment', 'shop', 'shop:apps/Deployment:shop/web'],
    ]);
  });

  test('render lists hooks where they run, and names what it cannot know', async () => {
    const job = (name: string, hook: string) =>
      `apiVersion: batch/v1\nkind: Job\nmetadata: { ${name}, annotations: { argocd.argoproj.io/hook: ${hook} } }\n`;
    const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: zones.example.com }
spec: { group: example.com, scope: Cluster, names: { kind: Zone } }
`;
    const custom = (kind: string) =>
      `apiVersion: example.com/v1\nkind: ${kind}\nmetadata: { name: a }\n`;
    const documents = [
      job('name: last', 'PostSync'),
      custom('Zone'),
      custom('Host'),
      crd,
      job('generateName: first-', 'PreSync'),
    ];
    await folder.write('hooks/app/all.yaml', documents.join('---\n'));
    const { exitCode, stdout, stderr } = await folder.cli(
      ['render', '-', '--repo-dir', 'hooks', '-o', 'table'],
      application.replace(', namespace: argocd', ''),
    );
    assert.equal(exitCode, 0, stderr);
    assert.equal(
      stderr,
      'warning: example.com/Host: scope not known without a cluster, taken for namespaced\n',
    );
    assert.deepEqual(
      stdout
        .split('\n')
        .slice(1, -1)
        .map((line) => line.split(/ {2,}/)),
      [
        ['Job', 'shop', 'first-*', '0', 'PreSync'],
        ['CustomResourceDefinition', '', 'zones.example.com', '0'],
        ['Host', 'shop', 'a', '0'],
        ['Zone', '', 'a', '0'],
        ['Job', 'shop', 'last', '0', 'PostSync'],
      ].map((cells) => (cells[1] === '' ? [cells[0], ...cells.slice(2)] : cells)),
    );
  });

  test('render finds a program in the tool cache, and says where it looked when there is none', async () => {
    await folder.write('repo/chart/Chart.yaml', 'apiVersion: v2\nname: chart\nversion: 1.0.0\n');
    const chart = application.replace('path: app', 'path: chart');
    const env = { HOME: join(folder.dir, 'home'), PATH: join(folder.dir, 'empty') };
    const args = ['render', '-', '--repo-dir', 'repo', '-o', 'table'];
    const missing = await folder.cli(args, chart, env);
    assert.equal(missing.exitCode, 2);
    const cache = join(folder.dir, 'home/.cache/tiphys/bin');
    assert.ok(
      missing.stderr.includes(`not found in PATH (${env.PATH}) nor in the tool cache (${cache})`),
      missing.stderr,
    );
    assert.match(missing.stderr, /https:\/\/helm\.sh/);

    // Stands in for helm: what is asked here is only which program is started.
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: from-cache }\n';
    const script = `#!/bin/sh\nif [ "$1" = version ]; then echo v4.2.3; else printf '${manifest.replaceAll('\n', '\\n')}'; fi\n`;
    await folder.write('home/.cache/tiphys/bin/helm', script);
    await chmod(join(cache, 'helm'), 0o755);
    const found = await folder.cli(args, chart, env);
    assert.equal(found.stderr, '');
    assert.match(found.stdout, /ConfigMap +shop +from-cache/);
    const elsewhere = await folder.cli(
      [...args, '--tool-cache', join(folder.dir, 'other')],
      chart,
      env,
    );
    assert.ok(
      elsewhere.stderr.includes(`tool cache (${join(folder.dir, 'other')})`),
      elsewhere.stderr,
    );
  });

  test('render names what is missing', async () => {
    const broken = application.replace('path: app', 'path: nowhere');
    const { exitCode, stderr } = await folder.cli(['render', '-', '--repo-dir', 'repo'], broken);
    assert.equal(exitCode, 2);
    assert.match(stderr, /nowhere: app path does not exist/);
  });

  test('render refuses a file without an Application', async () => {
    const { exitCode, stderr } = await folder.cli(['render', 'live.yaml', '--repo-dir', 'repo']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /live\.yaml: has 0 Applications/);
  });

  for (const [why, change, message] of [
    ['has no source', (app: string) => app.replace(/ {2}source:.*\n/, ''), /spec\.source\.repoURL/],
    [
      'is not valid',
      (app: string) => app.replace('project: default', 'project: 7'),
      /spec\.project/,
    ],
  ] as const)
    test(`render refuses an Application that ${why}`, async () => {
      const { exitCode, stderr } = await folder.cli(
        ['render', '-', '--repo-dir', 'repo'],
        change(application),
      );
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });

  test('render refuses a version that is none', async () => {
    const { stderr } = await folder.cli(['render', 'app.yaml', '--kube-version', 'new']);
    assert.match(stderr, /--kube-version new: is no version/);
  });
});
