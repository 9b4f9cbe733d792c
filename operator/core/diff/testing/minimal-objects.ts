import type { JsonObject } from '../../objects/json.ts';

const labels = { app: 'web' };
const selector = { matchLabels: labels };
const container = { name: 'web', image: 'web:1' };
const pod = { containers: [container] };
const template = { metadata: { labels }, spec: pod };
const jobTemplate = { spec: { template: { spec: { ...pod, restartPolicy: 'Never' } } } };
const service = { name: 'web', namespace: 'default' };
const webhook = {
  name: 'a.example.com',
  clientConfig: { service },
  rules: [
    {
      apiGroups: ['apps'],
      apiVersions: ['v1'],
      operations: ['CREATE'],
      resources: ['deployments'],
    },
  ],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
const matchResources = {
  resourceRules: [
    {
      apiGroups: ['apps'],
      apiVersions: ['v1'],
      operations: ['CREATE'],
      resources: ['deployments'],
    },
  ],
};
const devices = { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'gpu' } }] } };

/** Of a key that nobody has. */
const CERTIFICATE_REQUEST = [
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISE1IQUNBUUF3RGpFTU1Bb0dBMVVF',
  'QXd3RGQyVmlNRmt3RXdZSEtvWkl6ajBDQVFZSUtvWkl6ajBEQVFjRApRZ0FFMmh5cElQTlh1c0JiZW1J',
  'VTFZN01JSEZ6UkJIc1I2TmFZRzkwK0dEQVpmVU50MlhIMEI3NVpFRThrdjNaCmkrRHFZR2dXUk1ydUZ0',
  'OXd5ajlWSzRyeFlLQUFNQW9HQ0NxR1NNNDlCQU1DQTBjQU1FUUNJRHJWWVFpcG1UMi8KSHdRZ2gxSkhV',
  'bjBuNVFkaDdId2tPbFE3SWFVSTMwZTlBaUIxN010SzE2U3BLVm1FQ0J2Tyt6Qm1uNkhscyt4KwpicjRt',
  'NVFtRmlzc1ZvQT09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=',
].join('');

/** Kinds whose names have a form of their own. */
export const FIXED_NAMES: Readonly<Record<string, string>> = {
  APIService: 'v1.metrics.example.com',
  CustomResourceDefinition: 'things.example.com',
  IPAddress: '10.0.0.77',
};

/** The least that the API server accepts of each built-in kind, without name and namespace. */
export const MINIMAL_OBJECTS: Readonly<Record<string, JsonObject>> = {
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy': {
    spec: {
      matchConstraints: matchResources,
      reinvocationPolicy: 'Never',
      failurePolicy: 'Fail',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: 'Object{spec: Object.spec{replicas: 1}}' },
        },
      ],
    },
  },
  'admissionregistration.k8s.io/v1/MutatingAdmissionPolicyBinding': {
    spec: { policyName: 'policy' },
  },
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': { webhooks: [webhook] },
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': {
    spec: { matchConstraints: matchResources, validations: [{ expression: 'true' }] },
  },
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': {
    spec: { policyName: 'policy', validationActions: ['Deny'] },
  },
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': { webhooks: [webhook] },
  'apiextensions.k8s.io/v1/CustomResourceDefinition': {
    spec: {
      group: 'example.com',
      names: { plural: 'things', kind: 'Thing' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
        },
      ],
    },
  },
  'apiregistration.k8s.io/v1/APIService': {
    spec: {
      group: 'metrics.example.com',
      version: 'v1',
      groupPriorityMinimum: 1,
      versionPriority: 1,
    },
  },
  'apps/v1/ControllerRevision': { revision: 1, data: { a: { b: [1] } } },
  'apps/v1/DaemonSet': { spec: { selector, template } },
  'apps/v1/Deployment': { spec: { selector, template } },
  'apps/v1/ReplicaSet': { spec: { selector, template } },
  'apps/v1/StatefulSet': { spec: { selector, template, serviceName: 'web' } },
  'autoscaling/v1/HorizontalPodAutoscaler': {
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    },
  },
  'autoscaling/v2/HorizontalPodAutoscaler': {
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    },
  },
  'batch/v1/CronJob': { spec: { schedule: '* * * * *', jobTemplate } },
  'batch/v1/Job': jobTemplate,
  'certificates.k8s.io/v1/CertificateSigningRequest': {
    spec: {
      request: CERTIFICATE_REQUEST,
      signerName: 'example.com/signer',
      usages: ['client auth'],
    },
  },
  'coordination.k8s.io/v1/Lease': { spec: {} },
  'discovery.k8s.io/v1/EndpointSlice': {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.2.3'] }],
  },
  'events.k8s.io/v1/Event': {
    eventTime: '2024-05-06T07:08:09.000000Z',
    reportingController: 'example.com/web',
    reportingInstance: 'web-0',
    action: 'Started',
    reason: 'Started',
    type: 'Normal',
    regarding: { namespace: 'default', kind: 'Pod', name: 'web' },
  },
  'flowcontrol.apiserver.k8s.io/v1/FlowSchema': {
    spec: { priorityLevelConfiguration: { name: 'global-default' } },
  },
  'flowcontrol.apiserver.k8s.io/v1/PriorityLevelConfiguration': {
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  },
  'networking.k8s.io/v1/IPAddress': {
    spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
  },
  'networking.k8s.io/v1/ServiceCIDR': { spec: { cidrs: ['10.9.0.0/24'] } },
  'networking.k8s.io/v1/Ingress': {
    spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } },
  },
  'networking.k8s.io/v1/IngressClass': { spec: { controller: 'example.com/ingress' } },
  'networking.k8s.io/v1/NetworkPolicy': { spec: { podSelector: {} } },
  'node.k8s.io/v1/RuntimeClass': { handler: 'runc' },
  'policy/v1/PodDisruptionBudget': { spec: { selector, minAvailable: 1 } },
  'rbac.authorization.k8s.io/v1/ClusterRole': {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  },
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': { roleRef, subjects: [] },
  'rbac.authorization.k8s.io/v1/Role': {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  },
  'rbac.authorization.k8s.io/v1/RoleBinding': { roleRef, subjects: [] },
  'resource.k8s.io/v1/DeviceClass': { spec: {} },
  'resource.k8s.io/v1/ResourceClaim': { spec: devices },
  'resource.k8s.io/v1/ResourceClaimTemplate': { spec: { spec: devices } },
  'resource.k8s.io/v1/ResourceSlice': {
    spec: {
      driver: 'gpu.example.com',
      nodeName: 'node',
      pool: { name: 'pool', generation: 1, resourceSliceCount: 1 },
    },
  },
  'scheduling.k8s.io/v1/PriorityClass': { value: 10 },
  'storage.k8s.io/v1/CSIDriver': { spec: {} },
  'storage.k8s.io/v1/CSINode': { spec: { drivers: [] } },
  'storage.k8s.io/v1/CSIStorageCapacity': { storageClassName: 'fast' },
  'storage.k8s.io/v1/StorageClass': { provisioner: 'example.com/disk' },
  'storage.k8s.io/v1/VolumeAttachment': {
    spec: { attacher: 'a', nodeName: 'node', source: { persistentVolumeName: 'disk' } },
  },
  'storage.k8s.io/v1/VolumeAttributesClass': {
    driverName: 'example.com',
    parameters: { speed: 'high' },
  },
  'v1/ConfigMap': { data: { a: 'b' } },
  'v1/Endpoints': { subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }] },
  'v1/Event': { involvedObject: { namespace: 'default', kind: 'Pod', name: 'web' } },
  'v1/LimitRange': { spec: { limits: [{ type: 'Container' }] } },
  'v1/Namespace': {},
  'v1/Node': { spec: {} },
  'v1/PersistentVolume': {
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      hostPath: { path: '/data' },
    },
  },
  'v1/PersistentVolumeClaim': {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  'v1/Pod': { spec: pod },
  'v1/PodTemplate': { template },
  'v1/ReplicationController': { spec: { selector: labels, template } },
  'v1/ResourceQuota': { spec: { hard: { pods: '4' } } },
  'v1/Secret': { data: { a: 'YQ==' } },
  'v1/Service': { spec: { selector: labels, ports: [{ port: 80 }] } },
  'v1/ServiceAccount': {},
};
