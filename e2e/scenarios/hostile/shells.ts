import { configMap } from '../manifests.ts';
import type { HostileRow, Targets } from './rows.ts';

/** CVE-2021-41254: a text in each field that some program is given; `web` is a chart in the folder `web`. */
export function shellRows(
  { charts, marker }: Targets,
  web: NonNullable<HostileRow['files']>,
): readonly HostileRow[] {
  const text = `$(touch ${marker}); touch ${marker} | touch ${marker} \`touch ${marker}\``;
  const kustomization = {
    'kustomization.yaml': 'resources: [a.yaml]\n',
    'a.yaml': configMap('a', '1'),
  };
  const helm = (name: string, fields: object, says: HostileRow['says']): HostileRow => ({
    name,
    files: web,
    path: 'web',
    source: { helm: fields },
    says,
  });
  const kustomize = (name: string, fields: object, says: HostileRow['says']): HostileRow => ({
    name,
    files: kustomization,
    source: { kustomize: fields },
    says,
  });
  return [
    helm(
      'sh-release',
      { releaseName: text },
      /the Helm release name .* has \d+ characters, more than 53/,
    ),
    helm('sh-namespace', { namespace: text }, 'fine'),
    helm('sh-kube', { kubeVersion: text }, /kube|version/i),
    helm('sh-apis', { apiVersions: [text, '--post-renderer=/usr/bin/touch'] }, 'fine'),
    helm('sh-files', { valueFiles: [text] }, /does not exist/),
    helm('sh-values', { values: text }, /values|yaml/i),
    helm('sh-parameter', { parameters: [{ name: 'x', value: text, forceString: true }] }, 'fine'),
    helm('sh-version', { version: text }, /helm version '.*' is not supported/),
    {
      ...kustomize('sh-prefix', { namePrefix: text }, /ConfigMap\/.*apply failed/s),
      condition: 'operation',
    },
    kustomize('sh-image', { images: [text] }, /./),
    kustomize('sh-component', { components: [text] }, /does not exist|remote base/),
    {
      ...kustomize('sh-labels', { commonLabels: { a: text } }, /metadata\.labels: Invalid value/),
      condition: 'operation',
    },
    kustomize('sh-patch', { patches: [{ path: text }] }, /kustomize build failed/),
    kustomize('sh-program', { version: text }, /kustomize version .* is not registered/),
    {
      name: 'sh-jsonnet',
      files: { 'a.jsonnet': "{ apiVersion: 'v1', kind: std.extVar('k') }" },
      source: { directory: { jsonnet: { extVars: [{ name: 'k', value: text, code: true }] } } },
      says: /a\.jsonnet/,
    },
    { name: 'sh-path', files: web, path: text, says: /app path does not exist/ },
    { name: 'sh-revision', files: web, targetRevision: text, says: /revision/ },
    {
      name: 'sh-flag',
      files: web,
      targetRevision: `--upload-pack=touch ${marker}`,
      says: /revision/,
    },
    { name: 'sh-transport', repoURL: `ext::sh -c touch% ${marker}`, says: /ext/ },
    {
      name: 'sh-chart',
      repoURL: charts('bomb'),
      targetRevision: '1.0.0',
      source: { chart: text },
      says: /chart/,
    },
    {
      name: 'sh-chart-version',
      repoURL: charts('bomb'),
      targetRevision: text,
      source: { chart: 'web' },
      says: /chart web/,
    },
  ];
}
