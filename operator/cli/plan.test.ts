import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import { application, type CliFolder, createCliFolder } from './testing/cli-folder.ts';

describe('tiphys plan', () => {
  let folder: CliFolder;
  before(async () => {
    folder = await createCliFolder();
  });
  after(() => folder[Symbol.asyncDispose]());

  test('plan tells what a sync would do, and why', async () => {
    const args = ['plan', 'app.yaml', '--repo-dir', 'repo', '-o', 'json', '--live'];
    const drifted = await folder.cli([...args, 'drifted.yaml']);
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
    const { stdout } = await folder.cli(['render', 'app.yaml', '--repo-dir', 'repo']);
    await folder.write('rendered.yaml', stdout);
    const { exitCode, stdout: planned } = await folder.cli([
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

  test('plan follows the operation in the Application, and prunes only what it may', async () => {
    const marked = (name: string, options: string) => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
  namespace: shop
  annotations: { argocd.argoproj.io/tracking-id: 'shop:/ConfigMap:shop/${name}', argocd.argoproj.io/sync-options: ${options} }
`;
    await folder.write(
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
      const tasks = JSON.parse((await folder.cli(args, app)).stdout) as Record<string, string>[];
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
    await folder.write(
      'repo/other/a.yaml',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
    );
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
});
