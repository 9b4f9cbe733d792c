import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonValue } from '../core/objects/json.ts';
import { readGeneratorSettings } from './generator-settings.ts';

const cases: readonly (readonly [
  name: string,
  data: Record<string, string> | undefined,
  settings: Record<string, JsonValue>,
])[] = [
  ['nothing', undefined, { Helm: {}, Kustomize: {}, Directory: {} }],
  [
    'tools that are switched off, by anything but true',
    { 'helm.enable': 'false', 'kustomize.enable': 'no', 'jsonnet.enable': '' },
    { Helm: { enabled: false }, Kustomize: { enabled: false }, Directory: { jsonnet: false } },
  ],
  [
    'tools that are switched on',
    { 'helm.enable': 'true', 'kustomize.enable': 'true', 'jsonnet.enable': 'true' },
    { Helm: {}, Kustomize: {}, Directory: {} },
  ],
  [
    'schemes of values files; an empty list allows none',
    { 'helm.valuesFileSchemes': ' https, S3 ,' },
    { Helm: { valuesFileSchemes: ['https', 's3'] }, Kustomize: {}, Directory: {} },
  ],
  [
    'kustomize: options, versions by either key, options of a version',
    {
      'kustomize.buildOptions': ' --enable-helm ',
      'kustomize.buildOptions.v5': '--load-restrictor LoadRestrictionsNone',
      'kustomize.path.v5': '/tools/kustomize-5',
      'kustomize.version.v4': '/tools/kustomize-4',
      'kustomize.allowRemoteBases': 'false',
    },
    {
      Helm: {},
      Kustomize: {
        buildOptions: '--enable-helm',
        allowRemoteBases: false,
        versions: { v5: '/tools/kustomize-5', v4: '/tools/kustomize-4' },
        versionOptions: { v5: '--load-restrictor LoadRestrictionsNone' },
      },
      Directory: {},
    },
  ],
];

for (const [name, data, settings] of cases)
  test(`argocd-cm: ${name}`, () => {
    assert.deepEqual(readGeneratorSettings(data), { settings, problems: [] });
  });

test('argocd-cm: a version of kustomize with two paths is told, and the first counts', () => {
  const data = { 'kustomize.path.v5': '/a', 'kustomize.version.v5': '/b' };
  const { settings, problems } = readGeneratorSettings(data);
  assert.deepEqual(settings['Kustomize'], { versions: { v5: '/a' } });
  assert.deepEqual(problems, ['kustomize.version.v5: the version v5 stands twice']);
});
