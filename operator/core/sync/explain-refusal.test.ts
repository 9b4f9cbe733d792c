import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainRefusal } from './explain-refusal.ts';

const REPLACED = /Replace=true,Force=true/;

// In the words of Kubernetes 1.36.
const cases: readonly (readonly [name: string, message: string, hint: RegExp | undefined])[] = [
  [
    'the selector of a Deployment',
    'Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    REPLACED,
  ],
  [
    'the template of a Job',
    'Job.batch "migrate" is invalid: spec.template: Invalid value: {}: field is immutable',
    REPLACED,
  ],
  [
    'a volume claim, whose data would go',
    'PersistentVolumeClaim "data" is invalid: spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
    /Its data goes with it/,
  ],
  [
    'the address of a Service',
    'Service "web" is invalid: spec.clusterIPs[0]: Invalid value: ["10.0.0.2"]: may not change once set',
    REPLACED,
  ],
  [
    'a StatefulSet',
    "StatefulSet.apps \"db\" is invalid: spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template' are forbidden",
    REPLACED,
  ],
  [
    'the role of a binding',
    'RoleBinding.rbac.authorization.k8s.io "b" is invalid: roleRef: Invalid value: {}: cannot change roleRef',
    REPLACED,
  ],
  [
    'a Pod',
    'Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
    REPLACED,
  ],
  [
    'a Secret that forbids it',
    'Secret "s" is invalid: data: Forbidden: field is immutable when `immutable` is set',
    REPLACED,
  ],
  [
    'a copy too large, in new words',
    'ConfigMap "a" is invalid: metadata.annotations: Too long: may not be more than 262144 bytes',
    /ServerSideApply=true/,
  ],
  [
    'a copy too large, in old words',
    'ConfigMap "a" is invalid: metadata.annotations: Too long: must have at most 262144 bytes',
    /ServerSideApply=true/,
  ],
  ['anything else', 'Service "web" is invalid: spec.ports: Required value', undefined],
];

for (const [name, message, hint] of cases)
  test(`refusal explained: ${name}`, () => {
    const explained = explainRefusal(message);
    assert.ok(explained.startsWith(message));
    if (hint === undefined) assert.equal(explained, message);
    else assert.match(explained.slice(message.length), hint);
  });
