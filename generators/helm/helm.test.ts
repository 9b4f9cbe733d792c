import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import { hasCode } from '../../operator/core/errors.ts';
import type { JsonObject } from '../../operator/core/objects/json.ts';
import {
  fails,
  namesOf,
  object,
  openRenderer,
  type Renderer,
  type RenderOptions,
} from '../testing/renderer.ts';

const signal = AbortSignal.timeout(600_000);

describe('Helm with its own program', () => {
  let renderer: Renderer;
  before(async () => {
    renderer = await openRenderer(signal);
  });
  after(() => renderer[Symbol.asyncDispose]());

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
  async function values(helm: ApplicationSource['helm'], options: RenderOptions = {}) {
    const generated = await renderer.render(chart, { path: 'charts/web', helm }, options);
    const map = generated.objects.find(({ kind }) => kind === 'ConfigMap');
    const data = map?.['data'] as Record<string, string>;
    return { ...generated, data, values: JSON.parse(data['values'] ?? '') as JsonObject };
  }

  test('name, namespace, versions, CRDs and tests as the defaults have it', async () => {
    const generated = await values({});
    assert.deepEqual(namesOf(generated), [
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
    assert.deepEqual(namesOf(generated), ['ConfigMap/other']);
    assert.equal(generated.objects[0]?.metadata.namespace, 'elsewhere');
    assert.equal(generated.data['kube'], 'v1.30.0');
    assert.equal(generated.data['pods'], 'false');
  });

  test('the release has the name of the Application without its namespace, unless the source has another', async () => {
    const outside = { request: { appName: 'shop', instance: 'team-a_shop' } };
    const nameOf = async (helm: ApplicationSource['helm']) => {
      const { objects } = await renderer.render(chart, { path: 'charts/web', helm }, outside);
      return objects.find(({ kind }) => kind === 'ConfigMap')?.metadata.name;
    };
    assert.equal(await nameOf({}), 'shop');
    assert.equal(await nameOf({ releaseName: 'other.one' }), 'other.one');
    const parameters = [{ name: 'x', value: '$ARGOCD_APP_NAME' }];
    const built = await values({ parameters }, outside);
    assert.equal(built.values['x'], 'team-a_shop', 'the variable keeps both');
  });

  test('a release name that Helm does not take is refused with what to do, and no template is one', async () => {
    const long = 'a'.repeat(54);
    const named = (releaseName: string) => values({ releaseName });
    await values({ releaseName: long.slice(1) });
    await fails(named(long), 'InvalidSpec', /release name a+ has 54 characters, more than 53/);
    await fails(
      values({}, { request: { appName: long } }),
      'InvalidSpec',
      /has 54 characters, more than 53/,
    );
    for (const name of ['Web', 'a_b', 'a b', '-a', 'a.', '{{ env "HOME" | len }}', '--debug'])
      await fails(named(name), 'InvalidSpec', /^the Helm release name ".+" is invalid$/);
    await values({ releaseName: '' });
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

  test('among several sources, what begins with $ is a ref', async () => {
    const several = { request: { multipleSources: true } };
    const named = { valueFiles: ['$ARGOCD_APP_NAME/prod.yaml'] };
    await fails(
      values(named, several),
      'InvalidSpec',
      /^source referenced "\$ARGOCD_APP_NAME", but no source has a 'ref' field defined$/,
    );
    await fails(values(named), 'PathNotFound', /"\$ARGOCD_APP_NAME\/prod\.yaml" does not exist/);
  });

  test('missing, escaping and forbidden values files are refused', async () => {
    await fails(
      values({ valueFiles: ['nope.yaml'] }),
      'PathNotFound',
      /"nope\.yaml" does not exist/,
    );
    await fails(values({ valueFiles: ['n*.yaml'] }), 'PathNotFound', /glob "n\*\.yaml" matched no/);
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
    await assert.rejects(renderer.render(broken, { path: 'charts/web' }), (error) => {
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
      renderer.render(files, { path: 'charts/web' }),
      'RenderFailed',
      /function "env" not defined/,
    );
    delete process.env['TIPHYS_TEST_SECRET'];
  });
});
