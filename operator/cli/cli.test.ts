import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
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

const sensitive = `apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-cm }
data: { resource.sensitive.mask.annotations: token }
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

  async function cli(
    args: readonly string[],
    stdin = '',
    env: Readonly<Record<string, string>> = {},
  ) {
    let stdout = '';
    let stderr = '';
    const exitCode = await runCli(args, {
      stdout: { write: (text) => void (stdout += text) },
      stderr: { write: (text) => void (stderr += text) },
      stdin: Readable.from([stdin]),
      env,
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

  test('render finds a program in the tool cache, and says where it looked when there is none', async () => {
    await write('repo/chart/Chart.yaml', 'apiVersion: v2\nname: chart\nversion: 1.0.0\n');
    const chart = application.replace('path: app', 'path: chart');
    const env = { HOME: join(dir, 'home'), PATH: join(dir, 'empty') };
    const args = ['render', '-', '--repo-dir', 'repo', '-o', 'table'];
    const missing = await cli(args, chart, env);
    assert.equal(missing.exitCode, 2);
    const cache = join(dir, 'home/.cache/tiphys/bin');
    assert.ok(
      missing.stderr.includes(`not found in PATH (${env.PATH}) nor in the tool cache (${cache})`),
      missing.stderr,
    );
    assert.match(missing.stderr, /https:\/\/helm\.sh/);

    // Stands in for helm: what is asked here is only which program is started.
    const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: from-cache }\n';
    const script = `#!/bin/sh\nif [ "$1" = version ]; then echo v4.2.3; else printf '${manifest.replaceAll('\n', '\\n')}'; fi\n`;
    await write('home/.cache/tiphys/bin/helm', script);
    await chmod(join(cache, 'helm'), 0o755);
    const found = await cli(args, chart, env);
    assert.equal(found.stderr, '');
    assert.match(found.stdout, /ConfigMap +shop +from-cache/);
    const elsewhere = await cli([...args, '--tool-cache', join(dir, 'other')], chart, env);
    assert.ok(elsewhere.stderr.includes(`tool cache (${join(dir, 'other')})`), elsewhere.stderr);
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

  test('a file that cannot be read as objects is named, with what to do about a local file', async () => {
    await write('broken.yaml', 'apiVersion: v1\nkind: [\n');
    const { exitCode, stderr } = await cli(['health', '-f', 'broken.yaml']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^error: broken\.yaml:3: .*\nhint: Correct the file; /);
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

  /** With the name beside what the body says of metadata. */
  const secret = (body: string) =>
    body.startsWith('metadata: { ')
      ? `apiVersion: v1\nkind: Secret\n${body.replace('{ ', '{ name: s, namespace: shop, ')}\n`
      : `apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\n${body}\n`;
  for (const [name, body] of [
    ['data', `data: { key: ${encoded} }`],
    ['stringData', `stringData: { key: ${CANARY} }`],
    ['a wrongly typed value', `data: { key: { nested: ${CANARY} } }`],
    ['data that is no map', `data: ${CANARY}`],
    [
      'the last-applied body',
      `metadata: { annotations: { kubectl.kubernetes.io/last-applied-configuration: '{"data":{"a":"${CANARY}"}}' } }
data: { a: ${encoded} }`,
    ],
    ['a sensitive annotation', `metadata: { annotations: { token: ${CANARY} } }`],
    ['a sensitive annotation that is no text', `metadata: { annotations: { token: [${CANARY}] } }`],
  ] as const)
    for (const format of ['table', 'json', 'yaml'])
      test(`diff never shows a Secret value: ${name} as ${format}`, async () => {
        const text = secret(body);
        const other = text
          .replaceAll(CANARY, `${CANARY}-2`)
          .replaceAll(encoded, Buffer.from(`${CANARY}-2`).toString('base64'));
        await write('secret-live.yaml', other);
        await write('sensitive.yaml', sensitive);
        const { stdout, stderr, exitCode } = await cli(
          [
            ...['diff', '--desired', '-', '--live', 'secret-live.yaml', '-o', format],
            '--settings=sensitive.yaml',
          ],
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
    await write('hooks/app/all.yaml', documents.join('---\n'));
    const { exitCode, stdout, stderr } = await cli(
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

  for (const [why, change, message] of [
    ['has no source', (app: string) => app.replace(/ {2}source:.*\n/, ''), /spec\.source\.repoURL/],
    [
      'is not valid',
      (app: string) => app.replace('project: default', 'project: 7'),
      /spec\.project/,
    ],
  ] as const)
    test(`render refuses an Application that ${why}`, async () => {
      const { exitCode, stderr } = await cli(
        ['render', '-', '--repo-dir', 'repo'],
        change(application),
      );
      assert.equal(exitCode, 2);
      assert.match(stderr, message);
    });

  test('render refuses a version that is none', async () => {
    const { stderr } = await cli(['render', 'app.yaml', '--kube-version', 'new']);
    assert.match(stderr, /--kube-version new: is no version/);
  });

  test('version prints the one of the package', async () => {
    const { version } = JSON.parse(
      await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'),
    ) as { version: string };
    assert.equal((await cli(['version'])).stdout, `tiphys ${version}\n`);
    assert.deepEqual(JSON.parse((await cli(['version', '-o', 'json'])).stdout), { version });
  });

  test('a misspelt flag is told the nearest one, a needless word is refused', async () => {
    assert.match(
      (await cli(['diff', '--lvie', 'x'])).stderr,
      /--lvie: is unknown; did you mean --live\?/,
    );
    assert.match((await cli(['crds', 'please'])).stderr, /please: is not expected/);
    assert.match((await cli(['render'])).stderr, /APPLICATION\.yaml is missing/);
    assert.match((await cli(['render', 'app.yaml', 'b.yaml'])).stderr, /b\.yaml: is not expected/);
    assert.match(
      (await cli(['health', '-f', 'repo'])).stderr,
      /repo: cannot be read: it is a folder/,
    );
  });

  test('diff pairs an object without a namespace only with what has no better partner', async () => {
    const configMap = (namespace: string, value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${namespace} }\ndata: { k: ${value} }\n`;
    await write(
      'two.yaml',
      [configMap(', namespace: a', '1'), configMap(', namespace: b', '2')].join('---\n'),
    );
    const desired = [configMap('', '2'), configMap(', namespace: a', '1')].join('---\n');
    const { exitCode, stdout } = await cli(
      ['diff', '--desired', '-', '--live', 'two.yaml'],
      desired,
    );
    assert.equal(exitCode, 0, stdout);
  });

  test('plan follows the operation in the Application, and prunes only what it may', async () => {
    const marked = (name: string, options: string) => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  namespace: shop
  annotations: { argocd.argoproj.io/tracking-id: 'shop:/ConfigMap:shop/${name}', argocd.argoproj.io/sync-options: ${options} }
`;
    await write(
      'old.yaml',
      [
        marked('gone', 'Prune=true'),
        marked('kept', 'Prune=false'),
        marked('foreign', 'Prune=true').replace("'shop:/", "'other:/"),
      ].join('---\n'),
    );
    const planned = async (app: string, ...flags: readonly string[]) => {
      const args = [
        'plan',
        '-',
        '--repo-dir',
        'repo',
        '--live',
        'old.yaml',
        '-o',
        'json',
        ...flags,
      ];
      const tasks = JSON.parse((await cli(args, app)).stdout) as Record<string, string>[];
      return tasks.map(({ phase, kind, name, action }) => `${phase} ${kind}/${name} ${action}`);
    };
    const applied = ['Sync ClusterRole/reader create', 'Sync Deployment/web create'];
    assert.deepEqual(await planned(application), [
      'Sync ConfigMap/gone keep',
      'Sync ConfigMap/kept keep',
      ...applied,
    ]);
    const pruned = ['Sync ConfigMap/gone prune', 'Sync ConfigMap/kept keep', ...applied];
    assert.deepEqual(await planned(application, '--prune'), pruned);
    const waiting = `${application}operation: { sync: { prune: true, syncOptions: [CreateNamespace=true] } }\n`;
    assert.deepEqual(await planned(waiting), ['PreSync Namespace/shop create', ...pruned]);
    await write('repo/other/a.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n');
    const sources = (path: string) =>
      `source: { repoURL: https://git.example.com/shop.git, path: ${path} }`;
    const elsewhere = `${application}operation: { sync: { revision: abc, ${sources('other')} } }\n`;
    assert.deepEqual(await planned(elsewhere), [
      'Sync ConfigMap/a create',
      'Sync ConfigMap/gone keep',
      'Sync ConfigMap/kept keep',
    ]);
    const local = `{"apiVersion":"v1","kind":"Service","metadata":{"name":"local"}}`;
    const own = `${application}operation: { sync: { manifests: ['${local}'], resources: [{ kind: Service, name: local }] } }\n`;
    assert.deepEqual(await planned(own), ['Sync Service/local create']);
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
