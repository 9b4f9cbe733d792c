import { isJsonObject } from './json.ts';
import { groupOf, type GroupKind, type KubeObject } from './kube-object.ts';

interface Kinds {
  readonly namespaced?: readonly string[];
  readonly cluster?: readonly string[];
}

/**
 * Scopes of the kinds that every cluster has (Kubernetes 1.36), of older ones that are still written
 * in Git, and of Argo CD's. For work without a cluster: where there is one, its discovery decides.
 */
const BUILT_IN: Readonly<Record<string, Kinds>> = {
  '': {
    namespaced: [
      'Binding',
      'ConfigMap',
      'Endpoints',
      'Event',
      'LimitRange',
      'PersistentVolumeClaim',
      'Pod',
      'PodTemplate',
      'ReplicationController',
      'ResourceQuota',
      'Secret',
      'Service',
      'ServiceAccount',
    ],
    cluster: ['ComponentStatus', 'Namespace', 'Node', 'PersistentVolume'],
  },
  'admissionregistration.k8s.io': {
    cluster: [
      'MutatingAdmissionPolicy',
      'MutatingAdmissionPolicyBinding',
      'MutatingWebhookConfiguration',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'ValidatingWebhookConfiguration',
    ],
  },
  'apiextensions.k8s.io': { cluster: ['CustomResourceDefinition'] },
  'apiregistration.k8s.io': { cluster: ['APIService'] },
  apps: {
    namespaced: ['ControllerRevision', 'DaemonSet', 'Deployment', 'ReplicaSet', 'StatefulSet'],
  },
  'argoproj.io': { namespaced: ['Application', 'ApplicationSet', 'AppProject'] },
  'authentication.k8s.io': { cluster: ['SelfSubjectReview', 'TokenReview'] },
  'authorization.k8s.io': {
    namespaced: ['LocalSubjectAccessReview'],
    cluster: ['SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SubjectAccessReview'],
  },
  autoscaling: { namespaced: ['HorizontalPodAutoscaler'] },
  batch: { namespaced: ['CronJob', 'Job'] },
  'certificates.k8s.io': { cluster: ['CertificateSigningRequest'] },
  'coordination.k8s.io': { namespaced: ['Lease'] },
  'discovery.k8s.io': { namespaced: ['EndpointSlice'] },
  'events.k8s.io': { namespaced: ['Event'] },
  extensions: { namespaced: ['DaemonSet', 'Deployment', 'Ingress', 'NetworkPolicy', 'ReplicaSet'] },
  'flowcontrol.apiserver.k8s.io': { cluster: ['FlowSchema', 'PriorityLevelConfiguration'] },
  'networking.k8s.io': {
    namespaced: ['Ingress', 'NetworkPolicy'],
    cluster: ['IngressClass', 'IPAddress', 'ServiceCIDR'],
  },
  'node.k8s.io': { cluster: ['RuntimeClass'] },
  policy: { namespaced: ['PodDisruptionBudget'], cluster: ['PodSecurityPolicy'] },
  'rbac.authorization.k8s.io': {
    namespaced: ['Role', 'RoleBinding'],
    cluster: ['ClusterRole', 'ClusterRoleBinding'],
  },
  'resource.k8s.io': {
    namespaced: ['ResourceClaim', 'ResourceClaimTemplate'],
    cluster: ['DeviceClass', 'ResourceSlice'],
  },
  'scheduling.k8s.io': { cluster: ['PriorityClass'] },
  'storage.k8s.io': {
    namespaced: ['CSIStorageCapacity'],
    cluster: ['CSIDriver', 'CSINode', 'StorageClass', 'VolumeAttachment', 'VolumeAttributesClass'],
  },
};

/** Whether objects of a kind live in namespaces; `undefined`: not known. */
export type ScopeLookup = (kind: GroupKind) => boolean | undefined;

export const isNamespacedKind: ScopeLookup = ({ group, kind }) => {
  const kinds = Object.hasOwn(BUILT_IN, group) ? BUILT_IN[group] : undefined;
  if (kinds?.namespaced?.includes(kind) === true) return true;
  return kinds?.cluster?.includes(kind) === true ? false : undefined;
};

/** The built-in scopes, and those of the CustomResourceDefinitions among the objects. */
export function scopesWith(objects: readonly KubeObject[]): ScopeLookup {
  const defined = new Map<string, boolean>();
  for (const object of objects) {
    if (object.kind !== 'CustomResourceDefinition') continue;
    if (groupOf(object.apiVersion) !== 'apiextensions.k8s.io') continue;
    const spec = isJsonObject(object['spec']) ? object['spec'] : {};
    const { group, names, scope } = spec;
    const kind = isJsonObject(names) ? names['kind'] : undefined;
    if (typeof group !== 'string' || typeof kind !== 'string') continue;
    if (scope === 'Namespaced' || scope === 'Cluster')
      defined.set(`${group}/${kind}`, scope === 'Namespaced');
  }
  return ({ group, kind }) => isNamespacedKind({ group, kind }) ?? defined.get(`${group}/${kind}`);
}
