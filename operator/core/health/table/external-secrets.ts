import { condition, ready, waiting, type Project } from '../table-row.ts';

export const externalSecrets: Project = {
  name: 'External Secrets',
  docs: 'https://external-secrets.io/latest/api/spec/',
  rows: [
    {
      groups: ['external-secrets.io'],
      kinds: ['ExternalSecret', 'PushSecret', 'SecretStore', 'ClusterSecretStore'],
      steps: [...ready(), waiting()],
    },
    {
      groups: ['external-secrets.io'],
      kinds: ['ClusterExternalSecret', 'ClusterPushSecret'],
      steps: [
        condition('NotReady', 'True', 'Degraded'),
        condition('PartiallyReady', 'True', 'Degraded'),
        ...ready(),
        waiting(),
      ],
    },
    {
      groups: ['generators.external-secrets.io'],
      kinds: ['GeneratorState'],
      steps: [...ready()],
    },
    { groups: ['generators.external-secrets.io'], kinds: ['*'], steps: [] },
  ],
};
