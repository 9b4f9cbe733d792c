import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { HelmSource } from '../operator/core/app/types.ts';
import type { JsonObject } from '../operator/core/objects/json.ts';
import type { KubeObject } from '../operator/core/objects/kube-object.ts';
import type { Generator } from '../operator/ports/generator.ts';
import { createHelmGenerator } from './index.ts';
import { type Files, openWorkshop, type Workshop } from './testing/workshop.ts';
import { parseManifests } from './yaml/parse-manifests.ts';

// One chart that shows everything helm knows; each option of a source through us, and its flags by hand.

const signal = AbortSignal.timeout(600_000);
const FILES: Files = {
  'charts/web/Chart.yaml': `apiVersion: v2
name: web
version: 1.0.0
kubeVersion: '>=1.20.0-0'
dependencies:
- {name: sub, version: 0.1.0, condition: sub.enabled, import-values: [{child: exports, parent: imported}]}
- {name: lib, version: 0.1.0}
`,
  'charts/web/values.yaml': `text: chart
map: {kept: 1, dropped: 2}
list: [1, 2]
sub: {enabled: true, text: from-parent}
global: {shared: g}
`,
  'charts/web/values.schema.json': JSON.stringify({
    type: 'object',
    properties: { text: { type: 'string', pattern: '^[a-z]' } },
  }),
  'charts/web/templates/_helpers.tpl': '{{ define "web.name" }}{{ .Release.Name }}-web{{ end }}',
  'charts/web/templates/all.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "web.name" . }}
  namespace: {{ .Release.Namespace }}
  labels: {{ include "lib.labels" . | nindent 4 }}
data:
  values: {{ .Values | toJson | quote }}
  release: {{ list .Release.Name .Release.Namespace .Release.Service .Release.IsInstall .Release.Revision | toJson | quote }}
  kube: {{ list .Capabilities.KubeVersion.Version .Capabilities.KubeVersion.Major .Capabilities.KubeVersion.Minor | toJson | quote }}
  apis: {{ list (.Capabilities.APIVersions.Has "example.com/v1") (.Capabilities.APIVersions.Has "example.com/v1/Thing") (.Capabilities.APIVersions.Has "apps/v1") | toJson | quote }}
  file: {{ .Files.Get "files/a.txt" | quote }}
  chart: {{ .Chart.Version | quote }}
`,
  'charts/web/templates/NOTES.txt': 'Not a manifest.',
  'charts/web/templates/hook.yaml': `apiVersion: batch/v1
kind: Job
metadata: {name: hook, annotations: {helm.sh/hook: pre-install, helm.sh/hook-weight: "-1"}}
`,
  'charts/web/templates/tests/test.yaml': `apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {helm.sh/hook: test}}
`,
  'charts/web/templates/empty.yaml': '{{ if .Values.never }}\nx: 1\n{{ end }}\n---\n# nothing\n',
  'charts/web/crds/thing.yaml':
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n',
  'charts/web/files/a.txt': 'a file, with "quotes"\n',
  'charts/web/prod.yaml': 'text: prod\nmap: {dropped: null, more: 3}\nlist: [9]\n',
  'charts/web/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 0.1.0\n',
  'charts/web/charts/sub/values.yaml': 'text: sub\nexports: {from: sub}\n',
  'charts/web/charts/sub/templates/map.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: sub}\ndata: {text: "{{ .Values.text }}-{{ .Values.global.shared }}"}\n',
  'charts/web/charts/sub/crds/other.yaml':
    'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: others.example.com}\n',
  'charts/web/charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 0.1.0\ntype: library\n',
  'charts/web/charts/lib/templates/_l.tpl':
    '{{ define "lib.labels" }}lib: {{ .Chart.Name }}{{ end }}',
  'envs/a.yaml': 'text: a\na: 1\n',
  'envs/b.yaml': 'text: b\nb: 1\n',
  'envs/deep/c.yaml': 'text: c\nc: 1\n',
  'envs/params.txt': 'line, one\nline "two"\n',
};

interface Case {
  readonly name: string;
  readonly helm: HelmSource;
  /** Flags by hand, in the folder of the chart; `ROOT` is the repository, `INLINE` a file of `inline`. */
  readonly flags: readonly string[];
  readonly inline?: string;
  /** Flags that every call has and this one not. */
  readonly without?: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'nothing', helm: {}, flags: [] },
  { name: 'a release name', helm: { releaseName: 'other' }, flags: ['--name-template', 'other'] },
  { name: 'a namespace', helm: { namespace: 'there' }, flags: ['--namespace', 'there'] },
  { name: 'no CRDs', helm: { skipCrds: true }, flags: [], without: ['--include-crds'] },
  { name: 'no tests', helm: { skipTests: true }, flags: ['--skip-tests'] },
  {
    name: 'a Kubernetes version',
    helm: { kubeVersion: 'v1.27.4-eks-1+x' },
    flags: ['--kube-version', '1.27.4'],
  },
  {
    name: 'API versions',
    helm: { apiVersions: ['example.com/v1', 'example.com/v1/Thing'] },
    flags: ['--api-versions', 'example.com/v1', '--api-versions', 'example.com/v1/Thing'],
  },
  { name: 'a values file', helm: { valueFiles: ['prod.yaml'] }, flags: ['--values', 'prod.yaml'] },
  {
    name: 'values files in order',
    helm: { valueFiles: ['/envs/b.yaml', '../../envs/a.yaml'] },
    flags: ['--values', 'ROOT/envs/b.yaml', '--values', 'ROOT/envs/a.yaml'],
  },
  {
    name: 'values files by pattern',
    helm: { valueFiles: ['/envs/**/*.yaml', '/envs/a.yaml'] },
    flags: [
      '--values',
      'ROOT/envs/b.yaml',
      '--values',
      'ROOT/envs/deep/c.yaml',
      '--values',
      'ROOT/envs/a.yaml',
    ],
  },
  {
    name: 'missing values files',
    helm: { valueFiles: ['no.yaml', 'prod.yaml', '/no/*.yaml'], ignoreMissingValueFiles: true },
    flags: ['--values', 'prod.yaml'],
  },
  {
    name: 'values files by variables',
    helm: { valueFiles: ['/envs/$NOTHING$ARGOCD_APP_NAMESPACE/../a.yaml'] },
    flags: ['--values', 'ROOT/envs/a.yaml'],
  },
  {
    name: 'values',
    helm: { values: 'text: inline\nsub: {enabled: false}\n' },
    flags: ['--values', 'INLINE'],
    inline: 'text: inline\nsub: {enabled: false}\n',
  },
  {
    name: 'values as an object, which wins',
    helm: { valuesObject: { map: { dropped: null }, text: 'o$x' }, values: 'text: v' },
    flags: ['--values', 'INLINE'],
    inline: 'map: {dropped: null}\ntext: o$x\n',
  },
  {
    name: 'all of them',
    helm: {
      valueFiles: ['prod.yaml'],
      values: 'text: inline\nn: 1\n',
      parameters: [
        { name: 'n', value: '2' },
        { name: 'text', value: 'set' },
      ],
      fileParameters: [{ name: 'text', path: '/envs/params.txt' }],
    },
    flags: [
      '--values',
      'prod.yaml',
      '--values',
      'INLINE',
      '--set',
      'n=2',
      '--set',
      'text=set',
      '--set-file',
      'text=ROOT/envs/params.txt',
    ],
    inline: 'text: inline\nn: 1\n',
  },
  {
    name: 'parameters of all kinds',
    helm: {
      parameters: [
        { name: 'a.b[1].c', value: '1' },
        { name: 'bool', value: 'true' },
        { name: 'nothing', value: 'null' },
        { name: 'map.dropped', value: 'null' },
        { name: 'commas', value: 'x,y' },
        { name: 'escaped', value: 'x\\,y' },
        { name: 'list', value: '{x,y}' },
        { name: 'dots\\.in', value: 'v' },
        { name: 'empty', value: '' },
      ],
    },
    flags: [
      '--set',
      'a.b[1].c=1',
      '--set',
      'bool=true',
      '--set',
      'nothing=null',
      '--set',
      'map.dropped=null',
      '--set',
      'commas=x\\,y',
      '--set',
      'escaped=x\\,y',
      '--set',
      'list={x,y}',
      '--set',
      'dots\\.in=v',
      '--set',
      'empty=',
    ],
  },
  {
    name: 'parameters as text',
    helm: {
      parameters: [
        { name: 'n', value: '007', forceString: true },
        { name: 'b', value: 'true', forceString: true },
        { name: 'n', value: '1' },
      ],
    },
    flags: ['--set', 'n=1', '--set-string', 'n=007', '--set-string', 'b=true'],
  },
  {
    name: 'variables in parameters',
    helm: {
      parameters: [
        {
          name: 'x',
          value: '$ARGOCD_APP_NAME/${ARGOCD_APP_NAMESPACE}/$ARGOCD_APP_REVISION_SHORT/$$/$5/$NO/$',
        },
      ],
    },
    flags: ['--set', 'x=web/prod/0123456/$///$'],
  },
  {
    name: 'a parameter that a schema refuses, unchecked',
    helm: {
      parameters: [{ name: 'text', value: '9', forceString: true }],
      skipSchemaValidation: true,
    },
    flags: ['--set-string', 'text=9', '--skip-schema-validation'],
  },
  { name: 'v3', helm: { version: 'v3' }, flags: [] },
];

describe('a chart through us and by hand', () => {
  let workshop: Workshop;
  let generator: Generator;
  let [program, root] = ['', ''];

  before(async () => {
    workshop = await openWorkshop();
    program = await workshop.program('helm', signal);
    generator = createHelmGenerator({ ...workshop.tool, program });
    root = await workshop.folder(FILES);
  });
  after(async () => {
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  async function byHand({
    flags,
    inline = '',
    without = [],
  }: Case): Promise<readonly KubeObject[]> {
    const file = join(root, 'inline.yaml');
    await writeFile(file, inline);
    const usual = [
      ['--name-template', 'web'],
      ['--namespace', 'prod'],
      ['--kube-version', '1.36.3'],
      ['--include-crds'],
    ].filter(([flag = '']) => !flags.includes(flag) && !without.includes(flag));
    const apis = flags.includes('--api-versions')
      ? []
      : ['--api-versions', 'apps/v1', '--api-versions', 'v1'];
    const own = flags.map((flag) => flag.replace('ROOT', root).replace('INLINE', file));
    const { stdout } = await promisify(execFile)(
      program,
      ['template', '.', ...usual.flat(), ...apis, ...own],
      { cwd: join(root, 'charts/web'), env: { HOME: root } },
    );
    return parseManifests(stdout, { file: 'by hand' });
  }

  for (const one of cases) {
    test(one.name, async () => {
      const source = { path: 'charts/web', helm: one.helm };
      const { objects } = await workshop.generate(generator, FILES, source, {}, signal);
      assert.deepEqual(objects, await byHand(one));
      assert.ok(objects.length >= 4, `${objects.length} objects`);
    });
  }

  test('values files of a server, where their scheme is allowed', async () => {
    const server = createServer((request, response) => {
      if (request.url !== '/v.yaml') return void response.writeHead(404).end();
      response.end('text: remote\nr: 1\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v.yaml`;
    const render = (valueFiles: readonly string[], settings: JsonObject = {}) => {
      const source = { path: 'charts/web', helm: { valueFiles } };
      return workshop.generate(generator, FILES, source, { settings }, signal);
    };
    try {
      const { objects } = await render(['prod.yaml', url]);
      const flags = ['--values', 'prod.yaml', '--values', url];
      assert.deepEqual(objects, await byHand({ name: '', helm: {}, flags }));
      await assert.rejects(
        render([url], { valuesFileSchemes: ['https'] }),
        /the URL scheme 'http' is not allowed/,
      );
      await assert.rejects(render([`${url}.no`]), /helm template failed: .*404/s);
    } finally {
      server.close();
    }
  });

  test('a value that the schema refuses is refused', () =>
    assert.rejects(
      workshop.generate(
        generator,
        FILES,
        {
          path: 'charts/web',
          helm: { parameters: [{ name: 'text', value: '9', forceString: true }] },
        },
        {},
        signal,
      ),
      /values don't meet the specifications of the schema/,
    ));
  test('a Kubernetes that the chart does not want is refused', () =>
    assert.rejects(
      workshop.generate(
        generator,
        FILES,
        { path: 'charts/web', helm: { kubeVersion: '1.19' } },
        {},
        signal,
      ),
      /requires kubeVersion: >=1\.20\.0-0/,
    ));
});
