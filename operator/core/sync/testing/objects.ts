import type { JsonObject } from '../../objects/json.ts';
import { apiVersionOf, type KubeObject } from '../../objects/kube-object.ts';

const GROUPS: Readonly<Record<string, string>> = {
  Deployment: 'apps',
  Job: 'batch',
  ClusterRole: 'rbac.authorization.k8s.io',
  CustomResourceDefinition: 'apiextensions.k8s.io',
  Widget: 'example.com',
};

const CLUSTER_SCOPED: ReadonlySet<string> = new Set([
  'Namespace',
  'ClusterRole',
  'CustomResourceDefinition',
]);

export interface ManifestParts {
  readonly wave?: number;
  /** `argocd.argoproj.io/hook`. */
  readonly hook?: string;
  /** `argocd.argoproj.io/hook-delete-policy`. */
  readonly policy?: string;
  /** `argocd.argoproj.io/sync-options`. */
  readonly options?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly namespace?: string;
  readonly metadata?: JsonObject;
  readonly data?: JsonObject;
}

/** A manifest as Git would hold it: `manifest('Deployment/api', { wave: 1 })`. */
export function manifest(kindAndName: string, parts: ManifestParts = {}): KubeObject {
  const [kind = '', name = ''] = kindAndName.split('/');
  const annotations: Record<string, string> = { ...parts.annotations };
  if (parts.wave !== undefined) annotations['argocd.argoproj.io/sync-wave'] = `${parts.wave}`;
  if (parts.hook !== undefined) annotations['argocd.argoproj.io/hook'] = parts.hook;
  if (parts.policy !== undefined)
    annotations['argocd.argoproj.io/hook-delete-policy'] = parts.policy;
  if (parts.options !== undefined) annotations['argocd.argoproj.io/sync-options'] = parts.options;
  return {
    apiVersion: apiVersionOf({ group: GROUPS[kind] ?? '', version: 'v1' }),
    kind,
    metadata: {
      ...(name === '' ? {} : { name }),
      ...(parts.namespace === undefined ? {} : { namespace: parts.namespace }),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      ...parts.metadata,
    },
    ...(parts.data === undefined ? {} : { data: parts.data }),
    ...(kind === 'CustomResourceDefinition' ? { spec: WIDGETS } : {}),
  };
}

const WIDGETS = { group: 'example.com', names: { kind: 'Widget' } };

export function isNamespaced({ kind }: { readonly kind: string }): boolean {
  return !CLUSTER_SCOPED.has(kind);
}

/** A hook that is a Job. */
export const job = (name: string, hook: string, policy?: string): KubeObject =>
  manifest(`Job/${name}`, { hook, ...(policy === undefined ? {} : { policy }) });
