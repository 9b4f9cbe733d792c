import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { resolveTool } from '../e2e/controlplane/tools.ts';
import type { ApplicationSource } from '../operator/core/app/types.ts';
import { hasCode, type TiphysError } from '../operator/core/errors.ts';
import type { JsonObject } from '../operator/core/objects/json.ts';
import { openFolderTree } from '../operator/git/index.ts';
import type { Generated, GeneratorRegistry } from '../operator/ports/generator.ts';
import { systemClock } from '../operator/runtime/clock.ts';
import { createLimiter } from '../operator/runtime/limiter.ts';
import {
  createDirectoryGenerator,
  createGeneratorRegistry,
  createHelmGenerator,
  createKustomizeGenerator,
} from './index.ts';

const signal = AbortSignal.timeout(600_000);
const REAL = '/work/shared/real';

interface Options {
  readonly settings?: Readonly<Record<string, JsonObject>>;
  readonly refs?: Readonly<Record<string, Files>>;
  readonly instance?: string;
}

type Files = Readonly<Record<string, string | { readonly linkTo: string }>>;

describe('generators on real programs', () => {
  let workDir: string;
  let registry: GeneratorRegistry;

  before(async () => {
    workDir = await mkdtemp(join(tmpdir(), 'tiphys-generators-'));
    const log = (line: string) => console.log(line);
    const options = { env: process.env, log, signal };
    const helm = await resolveTool('helm', options);
    const kubectl = await resolveTool('kubectl', options);
    const tool = { workDir: join(workDir, 'run'), clock: systemClock, limiter: createLimiter(2) };
    registry = createGeneratorRegistry([
      createKustomizeGenerator({ ...tool, program: '/nowhere/kustomize', kubectl }),
      createHelmGenerator({ ...tool, program: helm }),
      createDirectoryGenerator(),
    ]);
  });

  after(async () => {
    const left = await readdir(join(workDir, 'run')).catch(() => []);
    await rm(workDir, { recursive: true });
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  async function treeOf(files: Files) {
    const dir = await mkdtemp(join(workDir, 'tree-'));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      if (typeof content === 'string') await writeFile(join(dir, path), content);
      else await symlink(content.linkTo, join(dir, path));
    }
    return openTree(dir);
  }

  function openTree(dir: string) {
    const limits = { maxFiles: 10_000, maxBytes: 100_000_000 };
    return openFolderTree(dir, { workDir: join(workDir, 'run'), limits }, signal);
  }

  async function render(
    files: Files | string,
    fields: Omit<ApplicationSource, 'repoURL'>,
    options: Options = {},
  ): Promise<Generated & { readonly type: string }> {
    const tree = await (typeof files === 'string' ? openTree(files) : treeOf(files));
    const refs = new Map<string, Awaited<ReturnType<typeof treeOf>>>();
    for (const [name, content] of Object.entries(options.refs ?? {})) {
      refs.set(name, await treeOf(content));
    }
    const path = fields.path === '.' ? '' : (fields.path ?? '');
    const settings = options.settings ?? {};
    const instance = options.instance ?? 'web';
    const given = { repoURL: 'https://example.com/r', ...fields };
    const choice = await registry.select({ tree, path, source: given, instance, settings }, signal);
    const { generator, source } = choice;
    const generated = await generator.generate(
      {
        tree,
        path,
        source,
        instance,
        appName: 'web',
        project: 'default',
        namespace: 'prod',
        revision: '0123456789'.repeat(4),
        kubeVersion: 'v1.36.3+k3s1',
        apiVersions: ['apps/v1', 'v1', 'v1/Pod'],
        refs,
        multipleSources: refs.size > 0,
        settings: settings[generator.name] ?? {},
      },
      signal,
    );
    return { ...generated, type: generator.name };
  }

  function fails(promise: Promise<unknown>, code: TiphysError['code'], message: RegExp) {
    return assert.rejects(promise, (error) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(error.message, message);
      return true;
    });
  }

  const names = ({ objects }: Generated) =>
    objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);

  const EXAMPLES = 'argocd-example-apps';
  const real: readonly (readonly [path: string, type: string, objects: number])[] = [
    [`${EXAMPLES}/guestbook`, 'Directory', 2],
    [`${EXAMPLES}/helm-guestbook`, 'Helm', 2],
    [`${EXAMPLES}/kustomize-guestbook`, 'Kustomize', 2],
    [`${EXAMPLES}/sock-shop`, 'Kustomize', 29],
    [`${EXAMPLES}/sync-waves`, 'Directory', 7],
    [`${EXAMPLES}/pre-post-sync`, 'Kustomize', 4],
    [`${EXAMPLES}/helm-hooks`, 'Directory', 5],
    [`${EXAMPLES}/apps`, 'Helm', 14],
    [`${EXAMPLES}/blue-green`, 'Helm', 3],
    ['podinfo/charts/podinfo', 'Helm', 5],
    ['podinfo/kustomize', 'Kustomize', 3],
  ];

  describe('real input', () => {
    if (!existsSync(REAL)) {
      console.log(`left out: rendering of real input, because ${REAL} is not here`);
      return;
    }
    for (const [path, type, count] of real) {
      test(`${path} is ${type} with ${count} objects`, async () => {
        const generated = await render(REAL, { path });
        assert.equal(generated.type, type);
        assert.equal(generated.objects.length, count);
        assert.doesNotMatch(JSON.stringify(generated.commands ?? []), /tiphys-|\/tmp/);
      });
    }

    test('Jsonnet needs a program', () =>
      fails(render(REAL, { path: `${EXAMPLES}/jsonnet-guestbook` }), 'RenderFailed', /Jsonnet/));
  });

  const object = (name: string, kind = 'ConfigMap') =>
    `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n`;

  describe('directory', () => {
    const files = {
      'app/a.yaml': `${object('a')}---\n${object('a2')}`,
      'app/b.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}',
      'app/sub/c.yml': object('c'),
      'app/values.yaml': 'replicas: 1\n',
      'app/skipped.yaml': `# +argocd:skip-file-rendering\n${object('skipped')}`,
      'app/notes.txt': object('txt'),
      'app/UPPER.YAML': object('upper'),
    };
    const cases: readonly (readonly [string, ApplicationSource['directory'], readonly string[]])[] =
      [
        ['without recurse', {}, ['a', 'a2', 'b']],
        ['with recurse', { recurse: true }, ['a', 'a2', 'b', 'c']],
        ['include crosses folders', { recurse: true, include: '*.yml' }, ['c']],
        [
          'exclude wins over include',
          { recurse: true, include: '*', exclude: '{a.yaml,sub/*}' },
          ['b'],
        ],
      ];
    for (const [name, directory, expected] of cases) {
      test(name, async () => {
        const generated = await render(files, { path: 'app', directory });
        assert.deepEqual(
          generated.objects.map(({ metadata }) => metadata.name),
          expected,
        );
      });
    }

    test('a manifest gone wrong is an error with file and line', () =>
      fails(
        render({ 'app/a.yaml': `${object('a')}data: [\n` }, { path: 'app' }),
        'InvalidManifest',
        /^app\/a\.yaml:\d+: /,
      ));

    test('a JSON file that is no object of a kind is an error', () =>
      fails(
        render({ 'app/a.json': '{"a": 1}' }, { path: 'app' }),
        'InvalidManifest',
        /a\.json: has no/,
      ));

    test('a link that leads outside is an error, even when it is excluded', () =>
      fails(
        render(
          { 'app/x.yaml': { linkTo: '../../x.yaml' } },
          { path: 'app', directory: { exclude: 'x.yaml' } },
        ),
        'UnsafePath',
        /illegal filepath in symlink/,
      ));

    test('a bad link elsewhere does not matter', async () => {
      const generated = await render(
        { 'app/a.yaml': object('a'), 'other/x.yaml': { linkTo: '/etc/passwd' } },
        { path: 'app' },
      );
      assert.deepEqual(names(generated), ['ConfigMap/a']);
    });
  });

  describe('detection', () => {
    const chart = { 'app/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n' };
    test('Kustomize beats Helm', async () => {
      const files = { ...chart, 'app/kustomization.yaml': 'resources: []\n' };
      assert.equal((await render(files, { path: 'app' })).type, 'Kustomize');
    });
    test('an explicit type beats both, an empty block says nothing', async () => {
      const files = { ...chart, 'app/a.yaml': object('a') };
      const directory = { recurse: true, exclude: 'Chart.yaml' };
      assert.equal((await render(files, { path: 'app', directory })).type, 'Directory');
      assert.equal((await render(files, { path: 'app', directory: {} })).type, 'Helm');
    });
    test('a type that is switched off is passed over', async () => {
      const settings = { Helm: { enabled: false } };
      assert.equal((await render(chart, { path: 'app' }, { settings })).type, 'Directory');
    });
    test('a chart in a folder below does not count', async () => {
      const files = { 'app/charts/x/Chart.yaml': 'name: x', 'app/a.yaml': object('a') };
      assert.equal((await render(files, { path: 'app' })).type, 'Directory');
    });
  });

  describe('helm', () => {
    const template = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  values: {{ .Values | toJson | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  pods: {{ .Capabilities.APIVersions.Has "v1/Pod" | quote }}
`;
    const chart = {
      'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
      'charts/web/values.yaml': 'from: chart\nkeep: 1\n',
      'charts/web/templates/cm.yaml': template,
      'charts/web/crds/x.yaml': object('crd', 'CustomResourceDefinition'),
      'charts/web/templates/tests/t.yaml':
        'apiVersion: v1\nkind: Pod\nmetadata:\n  name: t\n  annotations: {helm.sh/hook: test}\n',
      'charts/web/prod.yaml': 'from: prod\n',
      'envs/a.yaml': 'a: 1\nlast: a\n',
      'envs/b.yaml': 'b: 1\nlast: b\n',
      'envs/c.yaml': 'c: 1\nlast: c\n',
      'envs/deep/d.yaml': 'd: 1\nlast: d\n',
    };
    async function values(helm: ApplicationSource['helm'], options: Options = {}) {
      const generated = await render(chart, { path: 'charts/web', helm }, options);
      const map = generated.objects.find(({ kind }) => kind === 'ConfigMap');
      const data = map?.['data'] as Record<string, string>;
      return { ...generated, data, values: JSON.parse(data['values'] ?? '') as JsonObject };
    }

    test('name, namespace, versions, CRDs and tests as the defaults have it', async () => {
      const generated = await values({});
      assert.deepEqual(names(generated), [
        'CustomResourceDefinition/crd',
        'ConfigMap/web',
        'Pod/t',
      ]);
      assert.equal(generated.objects[1]?.metadata.namespace, 'prod');
      assert.equal(generated.data['kube'], 'v1.36.3');
      assert.equal(generated.data['pods'], 'true');
    });

    test('fields of the source override them', async () => {
      const generated = await values({
        releaseName: 'other',
        namespace: 'elsewhere',
        kubeVersion: '1.30',
        apiVersions: ['x/v1'],
        skipCrds: true,
        skipTests: true,
      });
      assert.deepEqual(names(generated), ['ConfigMap/other']);
      assert.equal(generated.objects[0]?.metadata.namespace, 'elsewhere');
      assert.equal(generated.data['kube'], 'v1.30.0');
      assert.equal(generated.data['pods'], 'false');
    });

    test('values come in their order of strength', async () => {
      const { values: found } = await values({
        valueFiles: ['prod.yaml', '/envs/a.yaml'],
        valuesObject: { last: 'inline', obj: { x: 1 } },
        values: 'ignored: true',
        parameters: [
          { name: 'list', value: 'a,b' },
          { name: 'set', value: '$ARGOCD_APP_NAME-pa$$word' },
          { name: 'number', value: '5' },
          { name: 'text', value: '5', forceString: true },
          { name: 'number', value: '6' },
        ],
        fileParameters: [{ name: 'file', path: '../../envs/b.yaml' }],
      });
      assert.deepEqual(found, {
        from: 'prod',
        keep: 1,
        a: 1,
        last: 'inline',
        obj: { x: 1 },
        list: 'a,b',
        set: 'web-pa$word',
        number: 6,
        text: '5',
        file: 'b: 1\nlast: b\n',
      });
    });

    test('patterns expand in order, and a named file keeps its place', async () => {
      const last = async (...valueFiles: string[]) => (await values({ valueFiles })).values['last'];
      assert.equal(await last('/envs/*.yaml'), 'c');
      assert.equal(await last('/envs/*.yaml', '/envs/b.yaml'), 'b');
      assert.equal(await last('/envs/**/*.yaml'), 'd');
    });

    test('$ref is the root of another repository', async () => {
      const refs = { cfg: { 'env/web.yaml': 'from: ref\n' } };
      const found = await values({ valueFiles: ['$cfg/env/$ARGOCD_APP_NAME.yaml'] }, { refs });
      assert.equal(found.values['from'], 'ref');
      assert.match(found.commands?.[0] ?? '', /--values \$cfg\/env\/web\.yaml/);
      await fails(
        values({ valueFiles: ['$other/x.yaml'] }, { refs }),
        'InvalidSpec',
        /source referenced "\$other", which is not one of the available sources/,
      );
    });

    test('missing, escaping and forbidden values files are refused', async () => {
      await fails(
        values({ valueFiles: ['nope.yaml'] }),
        'PathNotFound',
        /"nope\.yaml" does not exist/,
      );
      await fails(
        values({ valueFiles: ['n*.yaml'] }),
        'PathNotFound',
        /glob "n\*\.yaml" matched no/,
      );
      await values({ valueFiles: ['nope.yaml', 'n*.yaml'], ignoreMissingValueFiles: true });
      await fails(values({ valueFiles: ['../../../x'] }), 'UnsafePath', /outside repository root/);
      await fails(
        values({ valueFiles: ['git://h/x.yaml'] }),
        'InvalidSpec',
        /the URL scheme 'git' is not allowed/,
      );
      await fails(values({ version: 'v2' }), 'InvalidSpec', /helm version 'v2' is not supported/);
    });

    test('a chart that does not render says it in the words of helm, without our paths', async () => {
      const broken = { ...chart, 'charts/web/templates/cm.yaml': '{{ fail "no luck" }}' };
      await assert.rejects(render(broken, { path: 'charts/web' }), (error) => {
        assert.ok(hasCode(error, 'RenderFailed'));
        assert.match(error.message, /charts\/web: helm template failed: .*no luck/s);
        assert.doesNotMatch(error.message + error.hint, /tiphys-generators/);
        return true;
      });
    });

    test('helm sees no environment and no files but its own', async () => {
      process.env['TIPHYS_TEST_SECRET'] = 'visible';
      const files = {
        ...chart,
        'charts/web/templates/cm.yaml': `${object('x')}data:\n  env: {{ env "TIPHYS_TEST_SECRET" | quote }}\n`,
      };
      // Helm has no `env` function at all; should it grow one, this fails and the value must be empty.
      await fails(
        render(files, { path: 'charts/web' }),
        'RenderFailed',
        /function "env" not defined/,
      );
      delete process.env['TIPHYS_TEST_SECRET'];
    });
  });

  describe('kustomize', () => {
    const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'nginx:1.0'}, {name: side, image: 'side:1'}]}
`;
    const base = {
      'base/kustomization.yaml': 'resources: [deployment.yaml, ../shared/cm.yaml]\n',
      'base/deployment.yaml': deployment,
      'app/kustomization.yaml': `resources: [../base]
configMapGenerator:
- name: gen
  files: [key=data/file.txt]
  options: {disableNameSuffixHash: true}
images: [{name: side, newTag: '2'}]
`,
      'app/data/file.txt': 'hello',
      'base/kustomization.yml.orig': '',
    };
    const inRoot = { ...base, 'base/kustomization.yaml': 'resources: [deployment.yaml]\n' };
    const build = (
      kustomize: ApplicationSource['kustomize'],
      files: Files = inRoot,
      options = {},
    ) => render(files, { path: 'app', ...(kustomize && { kustomize }) }, options);
    const deploymentOf = (generated: Generated) => {
      const found = generated.objects.find(({ kind }) => kind === 'Deployment');
      assert.ok(found);
      return found;
    };

    test('bases outside the folder and generated files are found', async () => {
      const generated = await build(undefined);
      assert.deepEqual(names(generated), ['ConfigMap/gen', 'Deployment/web']);
      assert.deepEqual(generated.objects[0]?.['data'], { key: 'hello' });
    });

    test('images, names, labels, annotations, namespace, replicas and patches are worked in', async () => {
      const generated = await build({
        images: ['nginx=registry:5000/other:2.0', 'side:3', 'nothing=*:1'],
        namePrefix: 'a-',
        nameSuffix: '-z',
        namespace: 'ns',
        replicas: [{ name: 'web', count: '3' }],
        commonLabels: { team: '$ARGOCD_APP_NAME' },
        commonAnnotations: { note: '$ARGOCD_APP_NAME' },
        patches: [
          {
            target: { kind: 'Deployment', name: 'web' },
            patch: '[{"op":"add","path":"/spec/paused","value":true}]',
          },
        ],
      });
      const found = deploymentOf(generated);
      assert.equal(found.metadata.name, 'a-web-z');
      assert.equal(found.metadata.namespace, 'ns');
      assert.equal(found.metadata.labels?.['team'], 'web');
      assert.equal(found.metadata.annotations?.['note'], '$ARGOCD_APP_NAME');
      const text = JSON.stringify(found['spec']);
      assert.match(text, /"replicas":3/);
      assert.match(text, /"paused":true/);
      assert.match(text, /registry:5000\/other:2\.0/);
      assert.match(text, /"side:3"/);
      assert.match(text, /"matchLabels":{"app":"web","team":"web"}/);
    });

    test('labels without selector, with templates', async () => {
      const generated = await build({
        commonLabels: { team: 'x' },
        labelWithoutSelector: true,
        labelIncludeTemplates: true,
      });
      const text = JSON.stringify(deploymentOf(generated)['spec']);
      assert.match(text, /"matchLabels":{"app":"web"}/);
      assert.match(text, /"labels":{"app":"web","team":"x"}/);
    });

    test('a label that is there already needs force', async () => {
      const files = {
        ...inRoot,
        'app/kustomization.yaml': 'resources: [../base]\ncommonLabels: {a: b}\n',
      };
      const labels = { commonLabels: { a: 'c' } };
      await fails(build(labels, files), 'InvalidSpec', /label a already in kustomization file/);
      const generated = await build({ ...labels, forceCommonLabels: true }, files);
      assert.equal(deploymentOf(generated).metadata.labels?.['a'], 'c');
    });

    test('components are added, missing ones passed over where allowed', async () => {
      const files = {
        ...inRoot,
        'comp/kustomization.yaml':
          'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: comp-\n',
      };
      const components = ['../comp', '../nope'];
      const generated = await build({ components, ignoreMissingComponents: true }, files);
      assert.equal(deploymentOf(generated).metadata.name, 'comp-web');
      await fails(
        build({ components }, files),
        'PathNotFound',
        /components: \.\.\/nope: does not exist/,
      );
    });

    test('kustomize keeps its own restriction on files outside the root', () =>
      fails(
        build(undefined, { ...base, 'shared/cm.yaml': object('cm') }),
        'RenderFailed',
        /kustomize build failed: .*security; file/s,
      ));

    test('the administrator may lift it', async () => {
      const generated = await build(
        undefined,
        { ...base, 'shared/cm.yaml': object('cm') },
        { settings: { Kustomize: { buildOptions: '--load-restrictor LoadRestrictionsNone' } } },
      );
      assert.ok(names(generated).includes('ConfigMap/cm'));
    });

    const refused: readonly (readonly [string, string, TiphysError['code'], RegExp])[] = [
      ['https://github.com/o/r//base?ref=v1', 'a remote base', 'RenderFailed', /remote base https/],
      [
        'github.com/o/r',
        'a remote base without scheme',
        'RenderFailed',
        /remote base https:\/\/github\.com/,
      ],
      ['git@github.com:o/r', 'a remote base over ssh', 'RenderFailed', /remote base git@/],
      ['../nope', 'a missing base', 'PathNotFound', /resources: \.\.\/nope: does not exist/],
      ['../../x', 'a base outside the repository', 'UnsafePath', /leads outside the repository/],
    ];
    for (const [entry, name, code, message] of refused) {
      test(`${name} is refused`, () =>
        fails(
          build(undefined, { 'app/kustomization.yaml': `resources: ['${entry}']\n` }),
          code,
          message,
        ));
    }

    test('a remote patch and a chart are refused', async () => {
      await fails(
        build(undefined, { 'app/kustomization.yaml': 'patches: [{path: "https://h/x.yaml"}]\n' }),
        'RenderFailed',
        /remote file https/,
      );
      await fails(
        build(undefined, { 'app/kustomization.yaml': 'helmCharts: [{name: x}]\n' }),
        'RenderFailed',
        /helmCharts: charts are not inflated/,
      );
    });

    test('an unknown version is refused', () =>
      fails(
        build({ version: 'v9', namePrefix: 'x' }),
        'InvalidSpec',
        /kustomize version v9 is not/,
      ));
  });

  test('a program that is not there is named', async () => {
    const helm = createHelmGenerator({
      program: 'no-such-helm',
      workDir,
      clock: systemClock,
      limiter: createLimiter(1),
    });
    await fails(helm.version(signal), 'ToolMissing', /no-such-helm: not found in PATH/);
  });
});
