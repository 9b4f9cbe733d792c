import { observed, suspended, waiting, words, type Project, type Step } from '../table-row.ts';

const updates: readonly Step[] = [
  suspended('spec.paused'),
  observed(),
  words('status.updateStatus', {
    Healthy: ['operational'],
    Progressing: ['expanding'],
    Degraded: ['failed'],
    Suspended: ['paused'],
  }),
];

export const victoriaMetrics: Project = {
  name: 'VictoriaMetrics operator',
  docs: 'https://docs.victoriametrics.com/operator/api/',
  rows: [
    {
      groups: ['operator.victoriametrics.com'],
      kinds: [
        'VLAgent',
        'VLCluster',
        'VLogs',
        'VLSingle',
        'VMAgent',
        'VMAlert',
        'VMAlertmanager',
        'VMAnomaly',
        'VMAuth',
        'VMCluster',
        'VMSingle',
        'VTCluster',
        'VTSingle',
      ],
      steps: [...updates, waiting()],
    },
    // What is scraped, and rules: older operators write no status of them.
    { groups: ['operator.victoriametrics.com'], kinds: ['*'], steps: updates },
  ],
};
