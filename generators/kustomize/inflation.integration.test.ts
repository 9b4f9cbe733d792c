import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { ANONYMOUS } from '../../operator/core/repository/access.ts';
import { hasCode } from '../../operator/core/errors.ts';
import type { KustomizeSource } from '../../operator/core/app/types.ts';
import type { Generator } from '../../operator/ports/generator.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { parseManifests } from '../yaml/parse-manifests.ts';
import { createKustomizeGenerator } from './index.ts';

// Charts within kustomizations, through us and through kustomize by hand, with the real helm.

const signal = AbortSignal.timeout(300_000);
const FILES: Files = {
  'web/kustomization.yaml': `resources: [own.yaml]
namePrefix: p-
helmCharts:
- name: lib
  releaseName: r
  namespace: web
  valuesFile: values.yaml
  additionalValuesFiles: [more.yaml]
  valuesInline: {inline: https://host.example/x.yaml}
`,
  'web/own.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n',
  'web/values.yaml': 'file: 1\n',
  'web/more.yaml': 'more: 2\n',
  'web/charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n',
  'web/charts/lib/templates/map.yaml': `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-lib"}
data:
  values: {{ .Values | toJson | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  api: {{ .Capabilities.APIVersions.Has "example.com/v1" | quote }}
`,
};

describe('charts within kustomizations', () => {
  let workshop: Workshop;
  let generator: Generator;
  let [program, helm] = ['', ''];

  before(async () => {
    workshop = await openWorkshop();
    program = await workshop.program('kustomize', signal);
    helm = await workshop.program('helm', signal);
    const reach = {
      access: () => ANONYMOUS,
      named: () => undefined,
      refusal: (url: string) => `repository ${url} is not permitted`,
      tree: () => Promise.reject(new Error('no Git here')),
    };
    generator = createKustomizeGenerator({ ...workshop.tool, program, helm, reach });
  });
  after(async () => {
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  const ours = (files: Files, kustomize: KustomizeSource = {}, buildOptions = '--enable-helm') =>
    workshop.generate(
      generator,
      files,
      { path: 'web', kustomize },
      { settings: { buildOptions }, request: { apiVersions: ['example.com/v1', 'v1'] } },
      signal,
    );

  test('are inflated with the versions of the cluster, as by hand', async () => {
    const dir = await workshop.folder(FILES);
    const env = { PATH: process.env['PATH'] ?? '', HOME: dir };
    const byHand = async (...flags: readonly string[]) => {
      const args = ['build', join(dir, 'web'), '--enable-helm', '--helm-command', helm, ...flags];
      const { stdout } = await promisify(execFile)(program, args, { env });
      return parseManifests(stdout, { file: 'by hand' });
    };
    const flags = ['--helm-kube-version', '1.36.3', '--helm-api-versions', 'example.com/v1'];
    assert.deepEqual((await ours(FILES)).objects, await byHand(...flags));
    const { objects } = await ours(FILES, { kubeVersion: 'v1.31.0', apiVersions: ['x/v1'] });
    assert.deepEqual(
      objects,
      await byHand('--helm-kube-version', '1.31.0', '--helm-api-versions', 'x/v1'),
    );
    const data = objects.find(({ metadata }) => metadata.name === 'p-r-lib')?.['data'];
    assert.deepEqual(data, {
      values: '{"file":1,"inline":"https://host.example/x.yaml","more":2}',
      kube: 'v1.31.0',
      api: 'false',
    });
  });

  test('are refused unless the administrator enables them, and as the project permits', async () => {
    await assert.rejects(ours(FILES, {}, ''), /helmCharts: charts are not inflated/);
    const places = [
      'repo: "https://charts.example"',
      'repo: "oci://charts.example/x"',
      'valuesFile: "https://h.example/v.yaml"',
    ];
    for (const place of places) {
      const text = `helmCharts:\n- name: lib\n  version: 1.0.0\n  ${place}\n`;
      await assert.rejects(ours({ ...FILES, 'web/kustomization.yaml': text }), (error) => {
        assert.ok(hasCode(error, 'NotPermitted'), String(error));
        assert.match(error.message, /remote file \S+: repository \S+ is not permitted/);
        return true;
      });
    }
    for (const chartHome of ['../../..', '../../../../etc']) {
      const text = `helmGlobals: {chartHome: ${chartHome}}\nhelmCharts: [{name: lib}]\n`;
      await assert.rejects(ours({ ...FILES, 'web/kustomization.yaml': text }), /leads outside/);
    }
  });
});
