import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import type { TiphysError } from '../../operator/core/errors.ts';
import type { Generated } from '../../operator/ports/generator.ts';
import { fails, namesOf, object, openRenderer, type Renderer } from '../testing/renderer.ts';
import type { Files } from '../testing/workshop.ts';

const signal = AbortSignal.timeout(600_000);

describe('Kustomize within kubectl', () => {
  let renderer: Renderer;
  before(async () => {
    renderer = await openRenderer(signal);
  });
  after(() => renderer[Symbol.asyncDispose]());

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
  const build = (kustomize: ApplicationSource['kustomize'], files: Files = inRoot, options = {}) =>
    renderer.render(files, { path: 'app', ...(kustomize && { kustomize }) }, options);
  const deploymentOf = (generated: Generated) => {
    const found = generated.objects.find(({ kind }) => kind === 'Deployment');
    assert.ok(found);
    return found;
  };

  test('bases outside the folder and generated files are found', async () => {
    const generated = await build(undefined);
    assert.deepEqual(namesOf(generated), ['ConfigMap/gen', 'Deployment/web']);
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

  test('variables in annotations are replaced when the source says so', async () => {
    const generated = await build({
      commonAnnotations: { note: 'of $ARGOCD_APP_NAME' },
      commonAnnotationsEnvsubst: true,
    });
    assert.equal(deploymentOf(generated).metadata.annotations?.['note'], 'of web');
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
    assert.ok(namesOf(generated).includes('ConfigMap/cm'));
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
    fails(build({ version: 'v9', namePrefix: 'x' }), 'InvalidSpec', /kustomize version v9 is not/));
});
