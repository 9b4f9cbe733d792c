interface Policy {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: object;
}

/**
 * Objects that make the API server refuse writes of one resource (`applications/status`, `events`)
 * in one namespace, with the words `not now`. It takes a moment until it knows them. `unless` is a CEL
 * expression of what it takes all the same.
 */
export function refusal(
  namespace: string,
  group: string,
  resource: string,
  unless = 'false',
): readonly Policy[] {
  const name = `${namespace}-${resource.replace('/', '-')}`;
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [
            {
              apiGroups: [group],
              apiVersions: ['*'],
              operations: ['CREATE', 'UPDATE'],
              resources: [resource],
            },
          ],
        },
        validations: [{ expression: unless, message: 'not now' }],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata: { name },
      spec: { policyName: name, validationActions: ['Deny'] },
    },
  ];
}
