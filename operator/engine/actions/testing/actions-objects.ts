import type { JsonObject } from '../../../core/objects/json.ts';
import type { KubeObject } from '../../../core/objects/kube-object.ts';

// What the scenarios of resource actions act on.

const pod = (name: string, annotations = {}) => ({
  metadata: { labels: { app: name }, annotations },
  spec: {
    containers: [{ name: 'main', image: 'nginx:1', volumeMounts: [] }],
    volumes: [{ name: 'cache', emptyDir: {} }],
  },
});

export const WEB: KubeObject & { readonly spec: JsonObject } = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: pod('web') },
};

const jobSpec = (name: string, annotations = {}) => {
  const { metadata, spec } = pod(name, annotations);
  return { template: { metadata, spec: { ...spec, restartPolicy: 'Never' } } };
};

export const CRON_JOB: KubeObject = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'report', annotations: { copies: '0' } },
  spec: { schedule: '0 0 1 1 *', jobTemplate: { spec: jobSpec('report') } },
};

export const JOB: KubeObject = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'stuck' },
  spec: jobSpec('stuck', { 'tiphys.dev/stage': 'hang' }),
};

/** A Box has a status subresource, a Crate has not. */
export const BOX_CRDS: readonly KubeObject[] = ['Box', 'Crate'].map((kind) => {
  const plural = `${kind.toLowerCase()}${kind === 'Box' ? 'es' : 's'}`;
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.box.example.com` },
    spec: {
      group: 'box.example.com',
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          ...(kind === 'Box' ? { subresources: { status: {} } } : {}),
          schema: {
            openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } },
          },
        },
      ],
    },
  };
});

const BOX = `discovery.lua: |
  local actions = {}
  actions["open"] = {
    displayName = "Open it", iconClass = "fa fa-box-open", params = {{ name = "by" }},
    disabled = obj.status ~= nil and obj.status.phase == "Open"
  }
  return actions
definitions:
  - name: open
    action.lua: |
      obj.spec.size = obj.spec.size + 1
      obj.status = { phase = "Open", by = actionParams["by"] }
      return obj
`;

const script = (name: string, lines: readonly string[]): string =>
  [`  - name: ${name}`, '    action.lua: |', ...lines.map((line) => `      ${line}`), ''].join(
    '\n',
  );

/** `argocd-cm`. */
export const SETTINGS: Readonly<Record<string, string>> = {
  'resource.customizations.actions.box.example.com_Box': BOX,
  'resource.customizations.actions.box.example.com_Crate': BOX,
  'resource.customizations.actions.batch_CronJob': `mergeBuiltinActions: true
discovery.lua: |
  return { copy = {}, ["break"] = {}, suspend = { displayName = "Halt" } }
definitions:
${script('copy', [
  'local job = { apiVersion = "batch/v1", kind = "Job", spec = obj.spec.jobTemplate.spec }',
  'job.metadata = { name = "copied", namespace = obj.metadata.namespace, labels = {} }',
  'local annotations = obj.metadata.annotations',
  'annotations["copies"] = tostring(tonumber(annotations["copies"]) + 1)',
  'return {{ operation = "create", resource = job }, { operation = "patch", resource = obj }}',
])}${script('break', ['local x = obj.spec.nothing', 'return x.more'])}`,
  'resource.customizations.actions.ConfigMap': `definitions:
${script('half', [
  'obj.metadata.labels["half"] = "done"',
  'local job = { apiVersion = "batch/v1", kind = "Job", metadata = { name = "Not_A_Name" } }',
  'job.metadata.namespace = obj.metadata.namespace',
  'job.spec = { template = { spec = { restartPolicy = "Never", containers = {} } } }',
  'return {{ operation = "patch", resource = obj }, { operation = "create", resource = job }}',
])}${script('unfinished', ['if true then', '  local x = 1'])}${script('delete', [
  'return {{ operation = "delete", resource = obj }}',
])}`,
  'resource.customizations.actions.Secret': `definitions:
${script('tell', ['error(obj.data.password)'])}${script('spell', [
  'error(string.reverse(obj.data.password))',
])}${script('odd', ['return {{ operation = obj.data.password, resource = obj }}'])}${script(
  'spoil',
  ['obj.data.port = obj.data.password .. "!"', 'return obj'],
)}`,
};
