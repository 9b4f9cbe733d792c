import type { JsonValue } from '../objects/json.ts';
import type { ListType } from './list-keys.ts';

/** What the published schemas do not say of a field of a built-in type. */
export interface FieldKnowledge {
  readonly default?: JsonValue;
  readonly list?: ListType;
}

/** Kubernetes gives the order of these items a meaning, although it tells them apart by name. */
const IN_ORDER: FieldKnowledge = { list: { type: 'map', keys: ['name'], isOrdered: true } };

/** Values that the API server fills in, or that it leaves out when it writes an object. */
const defaults = (values: { readonly [field: string]: JsonValue }) =>
  Object.fromEntries(Object.entries(values).map(([field, value]) => [field, { default: value }]));

const CONTAINER = {
  ...defaults({ stdin: false, stdinOnce: false, tty: false, workingDir: '' }),
  // A variable sees those before it in `$(NAME)`.
  env: IN_ORDER,
};
const POD_VOLUME = defaults({ readOnly: false, fsType: '' });
const RULES = defaults({ scope: '*' });
const DEVICE_REQUEST = defaults({ allocationMode: 'ExactCount', count: 1 });

const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';

const CORE: Readonly<Record<string, Readonly<Record<string, FieldKnowledge>>>> = {
  AWSElasticBlockStoreVolumeSource: defaults({ readOnly: false, fsType: '', partition: 0 }),
  CSIPersistentVolumeSource: POD_VOLUME,
  Container: CONTAINER,
  ContainerPort: defaults({ hostPort: 0, hostIP: '', name: '' }),
  EmptyDirVolumeSource: defaults({ medium: '' }),
  EndpointPort: defaults({ protocol: 'TCP' }),
  EnvVar: defaults({ value: '' }),
  EphemeralContainer: CONTAINER,
  FCVolumeSource: POD_VOLUME,
  GCEPersistentDiskVolumeSource: defaults({ readOnly: false, fsType: '', partition: 0 }),
  ISCSIVolumeSource: POD_VOLUME,
  NFSVolumeSource: defaults({ readOnly: false }),
  ObjectFieldSelector: defaults({ apiVersion: 'v1' }),
  PersistentVolumeClaim: defaults({ apiVersion: 'v1', kind: 'PersistentVolumeClaim' }),
  PersistentVolumeClaimSpec: defaults({ volumeMode: 'Filesystem', volumeName: '' }),
  PersistentVolumeClaimStatus: defaults({ phase: 'Pending' }),
  PersistentVolumeClaimVolumeSource: defaults({ readOnly: false }),
  PodSpec: {
    ...defaults({
      hostIPC: false,
      hostNetwork: false,
      hostPID: false,
      hostname: '',
      nodeName: '',
      priorityClassName: '',
      serviceAccountName: '',
      subdomain: '',
    }),
    // Run one after the other.
    initContainers: IN_ORDER,
  },
  Probe: defaults({ initialDelaySeconds: 0 }),
  ResourceFieldSelector: defaults({ divisor: '0' }),
  ServiceAccountTokenProjection: defaults({ expirationSeconds: 3600 }),
  ServicePort: defaults({ name: '', nodePort: 0 }),
  ServiceSpec: defaults({ externalName: '', loadBalancerIP: '', publishNotReadyAddresses: false }),
  Toleration: defaults({ effect: '', key: '', operator: '', value: '' }),
  VolumeMount: defaults({ readOnly: false, subPath: '', subPathExpr: '' }),
};

const REST: Readonly<Record<string, Readonly<Record<string, FieldKnowledge>>>> = {
  'io.k8s.api.admissionregistration.v1.MatchResources': defaults({
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
  }),
  'io.k8s.api.admissionregistration.v1.NamedRuleWithOperations': RULES,
  'io.k8s.api.admissionregistration.v1.RuleWithOperations': RULES,
  'io.k8s.api.apps.v1.DaemonSetSpec': defaults({ minReadySeconds: 0 }),
  'io.k8s.api.apps.v1.DeploymentSpec': defaults({ minReadySeconds: 0, paused: false }),
  'io.k8s.api.apps.v1.ReplicaSetSpec': defaults({ minReadySeconds: 0 }),
  'io.k8s.api.apps.v1.StatefulSetSpec': defaults({ minReadySeconds: 0 }),
  'io.k8s.api.batch.v1.PodFailurePolicyOnPodConditionsPattern': defaults({ status: 'True' }),
  'io.k8s.api.discovery.v1.EndpointPort': defaults({ name: '', protocol: 'TCP' }),
  'io.k8s.api.networking.v1.IngressRule': defaults({ host: '' }),
  'io.k8s.api.networking.v1.NetworkPolicyPort': defaults({ protocol: 'TCP' }),
  // Of users and groups; a service account must not have one.
  'io.k8s.api.rbac.v1.Subject': defaults({ apiGroup: 'rbac.authorization.k8s.io' }),
  'io.k8s.api.rbac.v1.RoleRef': defaults({ apiGroup: 'rbac.authorization.k8s.io' }),
  'io.k8s.api.resource.v1.DeviceSubRequest': DEVICE_REQUEST,
  'io.k8s.api.resource.v1.ExactDeviceRequest': DEVICE_REQUEST,
  'io.k8s.api.scheduling.v1.PriorityClass': defaults({ description: '', globalDefault: false }),
  [`${EXTENSIONS}.CustomResourceDefinitionSpec`]: defaults({ preserveUnknownFields: false }),
  [`${EXTENSIONS}.JSONSchemaProps`]: defaults({
    description: '',
    exclusiveMaximum: false,
    exclusiveMinimum: false,
    format: '',
    nullable: false,
    pattern: '',
    title: '',
    uniqueItems: false,
    'x-kubernetes-embedded-resource': false,
    'x-kubernetes-int-or-string': false,
  }),
  'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta': defaults({
    generateName: '',
    name: '',
    namespace: '',
  }),
};

/** By the name of the type in the published schemas, then by field. */
export const FIELD_KNOWLEDGE: ReadonlyMap<
  string,
  Readonly<Record<string, FieldKnowledge>>
> = new Map([
  ...Object.entries(CORE).map(([name, fields]) => [`io.k8s.api.core.v1.${name}`, fields] as const),
  ...Object.entries(REST),
]);
