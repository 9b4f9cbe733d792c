import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { load, loadAll } from 'js-yaml';
import { COMMANDS, runCli } from './run-cli.ts';

const CANARY = 'canary-that-must-not-be-seen';
const encoded = Buffer.from(CANARY).toString('base64');

const deployment = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx }] }
`;

const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: shop, namespace: argocd }
spec:
  project: default
  source: { repoURL: https://git.example.com/shop.git, path: app }
  destination: { server: https://kubernetes.default.svc, namespace: shop }
`;

describe('the command line', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-cli-'));
    await write('app.yaml', application);
    await write('repo/app/deployment.yaml', deployment(1).replace(', namespace: shop', ''));
    await write(
      'repo/app/role.yaml',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: reader }\n',
    );
    await write('live.yaml', deployment(1));
    await write('drifted.yaml', deployment(3));
  });
  after(() => rm(dir, { recursive: true, force: true }));

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }

  async function cli(args: readonly string[], stdin = '') {
    let stdout = '';
    let stderr = '';
    const exitCode = await runCli(args, {
      stdout: { write: (text) => void (stdout += text) },
      stderr: { write: (text) => void (stderr += text) },
      stdin: Readable.from([stdin]),
      env: {},
      cwd: dir,
      signal: new AbortController().signal,
    });
    return { exitCode, stdout, stderr };
  }

  test('help names every command, and every command has its own help', async () => {
    const { stdout, exitCode } = await cli(['help']);
    assert.equal(exitCode, 0);
    for (const { name } of COMMANDS) {
      assert.match(stdout, new RegExp(`tiphys ${name} `));
      const own = await cli([name, '--help']);
      assert.equal(own.exitCode, 0);
      assert.match(own.stdout, new RegExp(`tiphys ${name} `));
    }
  });

  test('docs/cli.md has a section for every command', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    for (const { name } of COMMANDS) assert.match(page, new RegExp(`^## tiphys ${name}$`, 'm'));
  });

  test('an unknown command is told the nearest one', async () => {
    const { exitCode, stderr } = await cli(['rendr']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /rendr: is not a command\nhint: .*tiphys render/);
  });

  test('an unknown flag is refused', async () => {
    const { exitCode, stderr } = await cli(['crds', '--nonsense']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--nonsense/);
  });

  test('crds prints both definitions', async () => {
    const { stdout } = await cli(['crds']);
    const names = loadAll(stdout).map(
      (crd) => (crd as { metadata: { name: string } }).metadata.name,
    );
    assert.deepEqual(names, ['applications.argoproj.io', 'appprojects.argoproj.io']);
  });

  test('render sets namespaces and marks, with no cluster and no network', async () => {
    const { exitCode, stdout } = await cli([
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

  test('render names what is missing', async () => {
    const broken = application.replace('path: app', 'path: nowhere');
    const { exitCode, stderr } = await cli(['render', '-', '--repo-dir', 'repo'], broken);
    assert.equal(exitCode, 2);
    assert.match(stderr, /nowhere: app path does not exist/);
  });

  test('render refuses a file without an Application', async () => {
    const { exitCode, stderr } = await cli(['render', 'live.yaml', '--repo-dir', 'repo']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /live\.yaml: has 0 Applications/);
  });

  test('diff says 0 for equal, 1 for different, 2 for an error', async () => {
    assert.equal(
      (await cli(['diff', '--desired', 'live.yaml', '--live', 'live.yaml'])).exitCode,
      0,
    );
    const changed = await cli([
      'diff',
      '--desired',
      'live.yaml',
      '--live',
      'drifted.yaml',
      '-o',
      'json',
    ]);
    assert.equal(changed.exitCode, 1);
    const [entry] = JSON.parse(changed.stdout) as { status: string; changes: object[] }[];
    assert.deepEqual(entry?.changes, [{ path: 'spec.replicas', live: 3, desired: 1 }]);
    assert.equal(
      (await cli(['diff', '--desired', 'absent.yaml', '--live', 'live.yaml'])).exitCode,
      2,
    );
  });

  const secret = (value: string) => `apiVersion: v1
kind: Secret
metadata: { name: s, namespace: shop, annotations: { note: ${value} } }
${value}
`;
  for (const [name, body] of [
    ['data', `data: { key: ${encoded} }`],
    ['stringData', `stringData: { key: ${CANARY} }`],
    ['a wrongly typed value', `data: { key: { nested: ${CANARY} } }`],
    ['data that is no map', `data: ${CANARY}`],
  ] as const)
    for (const format of ['table', 'json', 'yaml'])
      test(`diff never shows a Secret value: ${name} as ${format}`, async () => {
        const text = secret('x').replace(/\nx\n$/, `\n${body}\n`);
        const other = text
          .replaceAll(CANARY, `${CANARY}-2`)
          .replaceAll(encoded, Buffer.from(`${CANARY}-2`).toString('base64'));
        await write('secret-live.yaml', other);
        const { stdout, stderr, exitCode } = await cli(
          ['diff', '--desired', '-', '--live', 'secret-live.yaml', '-o', format],
          text,
        );
        assert.notEqual(exitCode, 0);
        for (const shown of [stdout, stderr]) {
          assert.ok(!shown.includes(CANARY), shown);
          assert.ok(!shown.includes(encoded), shown);
        }
      });

  test('health judges in the order of input', async () => {
    const { stdout } = await cli([
      'health',
      '-f',
      'live.yaml',
      '-f',
      'repo/app/role.yaml',
      '-o',
      'json',
    ]);
    const entries = JSON.parse(stdout) as { kind: string; status: string; file: string }[];
    assert.deepEqual(
      entries.map(({ file, kind, status }) => [file, kind, status]),
      [
        ['live.yaml', 'Deployment', 'Progressing'],
        ['repo/app/role.yaml', 'ClusterRole', ''],
      ],
    );
  });

  test('plan tells what a sync would do, and why', async () => {
    const args = ['plan', 'app.yaml', '--repo-dir', 'repo', '-o', 'json', '--live'];
    const drifted = await cli([...args, 'drifted.yaml']);
    assert.equal(drifted.exitCode, 1);
    const tasks = JSON.parse(drifted.stdout) as { kind: string; action: string; reason: string }[];
    assert.deepEqual(
      tasks.map(({ kind, action }) => [kind, action]),
      [
        ['ClusterRole', 'create'],
        ['Deployment', 'update'],
      ],
    );
    assert.match(tasks[1]?.reason ?? '', /spec\.replicas/);
  });

  test('plan has nothing to do when live is what render printed', async () => {
    const { stdout } = await cli(['render', 'app.yaml', '--repo-dir', 'repo']);
    await write('rendered.yaml', stdout);
    const { exitCode, stdout: planned } = await cli([
      'plan',
      'app.yaml',
      '--repo-dir',
      'repo',
      '--live',
      'rendered.yaml',
      '-o',
      'yaml',
    ]);
    assert.equal(exitCode, 0, planned);
    assert.deepEqual(
      (load(planned) as { action: string }[]).map(({ action }) => action),
      ['unchanged', 'unchanged'],
    );
  });
});
