import {
  condition,
  fewer,
  is,
  newest,
  observed,
  present,
  ready,
  waiting,
  type Project,
} from '../table-row.ts';

export const vault: Project = {
  name: 'Vault operators',
  docs: 'https://developer.hashicorp.com/vault/docs/deploy/kubernetes/vso/api-reference',
  rows: [
    {
      groups: ['secrets.hashicorp.com'],
      kinds: ['VaultAuth', 'VaultAuthGlobal', 'VaultConnection', 'SecretTransformation', 'HCPAuth'],
      steps: [
        is('status.valid', false, 'Degraded', 'status.valid is false'),
        is('status.valid', true, 'Healthy'),
        waiting('the operator to check it'),
      ],
    },
    {
      groups: ['secrets.hashicorp.com'],
      kinds: ['VaultStaticSecret', 'VaultDynamicSecret', 'VaultPKISecret', 'HCPVaultSecretsApp'],
      steps: [
        present('status.error', 'Degraded'),
        fewer('status.lastGeneration', 'metadata.generation', 'generations are observed'),
        condition('SecretSynced', 'False', 'Degraded'),
        condition('Healthy', 'False', 'Degraded'),
        ...ready(),
        present('status.lastGeneration', 'Healthy'),
        waiting('the secret to be synced'),
      ],
    },
    {
      groups: ['vault.banzaicloud.com'],
      kinds: ['Vault'],
      steps: [...ready('Healthy'), present('status.leader', 'Healthy'), waiting('a leader')],
    },
    {
      groups: ['redhatcop.redhat.io'],
      kinds: ['*'],
      steps: [
        observed(),
        newest({
          ReconcileError: 'Degraded',
          ReconcileFailed: 'Degraded',
          ReconcileSuccess: 'Healthy',
          ReconcileSuccessful: 'Healthy',
        }),
      ],
    },
    {
      groups: ['ricoberger.de'],
      kinds: ['VaultSecret'],
      steps: [...ready('SecretCreated'), waiting('the secret to be made')],
    },
  ],
};
