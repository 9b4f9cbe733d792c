import { condition, is, observed, present, ready, waiting, type Project } from '../table-row.ts';

export const configConnector: Project = {
  name: 'Google Config Connector',
  docs: 'https://cloud.google.com/config-connector/docs/how-to/monitoring-your-resources',
  rows: [
    {
      groups: ['core.cnrm.cloud.google.com'],
      kinds: ['ConfigConnector', 'ConfigConnectorContext'],
      steps: [
        // Its resources are read, and nothing at Google is changed.
        is('spec.actuationMode', 'Paused', 'Suspended', 'spec.actuationMode is Paused'),
        observed(),
        is('status.healthy', true, 'Healthy'),
        present('status.errors', 'Degraded', 'status.errors is not empty'),
        is('status.healthy', false, 'Progressing', 'status.healthy is false'),
        waiting(),
      ],
    },
    {
      // Settings of its controllers; their `observedGeneration` may stay 0.
      groups: ['customize.core.cnrm.cloud.google.com'],
      kinds: ['*'],
      steps: [
        is('status.healthy', true, 'Healthy'),
        present('status.errors', 'Degraded', 'status.errors is not empty'),
      ],
    },
    {
      groups: ['*.cnrm.cloud.google.com'],
      kinds: ['*'],
      steps: [
        observed(),
        condition('Ready', 'True', 'Healthy'),
        condition('Ready', 'False', 'Progressing', {
          reasons: ['Updating', 'Deleting', 'DependencyNotReady', 'DependencyNotFound'],
        }),
        condition('Ready', 'False', 'Degraded'),
        waiting('the resource to be up to date'),
      ],
    },
  ],
};

export const awsControllers: Project = {
  name: 'AWS Controllers for Kubernetes',
  docs: 'https://aws-controllers-k8s.github.io/community/reference/',
  rows: [
    {
      groups: ['services.k8s.aws'],
      kinds: ['AdoptedResource'],
      steps: [
        condition('ACK.Terminal', 'True', 'Degraded'),
        condition('ACK.Adopted', 'True', 'Healthy'),
        waiting('the resource to be adopted'),
      ],
    },
    {
      groups: ['services.k8s.aws'],
      kinds: ['FieldExport', 'IAMRoleSelector'],
      steps: [
        condition('ACK.Terminal', 'True', 'Degraded'),
        condition('ACK.Recoverable', 'True', 'Degraded'),
      ],
    },
    {
      groups: ['*.services.k8s.aws'],
      kinds: ['*'],
      steps: [
        condition('ACK.Terminal', 'True', 'Degraded'),
        condition('ACK.Recoverable', 'True', 'Degraded'),
        condition('ACK.ReferencesResolved', 'False', 'Degraded'),
        condition('ACK.ReferencesResolved', 'Unknown', 'Progressing'),
        condition('ACK.ResourceSynced', 'False', 'Progressing'),
        condition('ACK.ResourceSynced', 'Unknown', 'Progressing'),
        condition('Ready', 'False', 'Progressing'),
        condition('ACK.ResourceSynced', 'True', 'Healthy'),
        condition('Ready', 'True', 'Healthy'),
        waiting('the resource to be synced'),
      ],
    },
    {
      groups: ['elbv2.k8s.aws'],
      kinds: ['TargetGroupBinding'],
      steps: [observed(), present('status.observedGeneration', 'Healthy'), waiting()],
    },
  ],
};

export const azureServiceOperator: Project = {
  name: 'Azure Service Operator',
  docs: 'https://azure.github.io/azure-service-operator/guide/conditions/',
  rows: [
    {
      groups: ['*.azure.com'],
      kinds: ['*'],
      steps: [
        condition('Ready', 'True', 'Healthy'),
        // Of a warning it tries again by itself.
        condition('Ready', 'False', 'Degraded', { severity: 'Error' }),
        condition('Ready', 'False', 'Progressing'),
        condition('Ready', 'Unknown', 'Progressing'),
        waiting('the resource to be made'),
      ],
    },
  ],
};

export const sealedSecrets: Project = {
  name: 'Sealed Secrets',
  docs: 'https://github.com/bitnami-labs/sealed-secrets#readme',
  rows: [
    {
      groups: ['bitnami.com'],
      kinds: ['SealedSecret'],
      steps: [observed(), ...ready('Synced'), waiting('the secret to be unsealed')],
    },
  ],
};

export const onePassword: Project = {
  name: '1Password',
  docs: 'https://developer.1password.com/docs/k8s/operator/',
  rows: [
    {
      groups: ['onepassword.com'],
      kinds: ['OnePasswordItem'],
      steps: [...ready(), waiting('the item to be synced')],
    },
  ],
};
