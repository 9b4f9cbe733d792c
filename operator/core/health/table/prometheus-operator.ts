import { condition, each, suspended, waiting, type Project } from '../table-row.ts';

export const prometheusOperator: Project = {
  name: 'Prometheus operator',
  docs: 'https://prometheus-operator.dev/docs/api-reference/api/',
  rows: [
    {
      groups: ['monitoring.coreos.com'],
      kinds: ['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler'],
      steps: [
        suspended('spec.paused'),
        condition('Reconciled', 'False', 'Degraded'),
        condition('Available', 'True', 'Healthy'),
        // Pods that start look like this, and so do those that never will.
        condition('Available', 'False', 'Progressing', {
          reasons: ['NoPodReady', 'SomePodsNotReady'],
        }),
        condition('Available', 'Degraded', 'Progressing', { reasons: ['SomePodsNotReady'] }),
        condition('Available', 'False', 'Degraded'),
        condition('Available', 'Degraded', 'Degraded'),
        waiting(),
      ],
    },
    {
      groups: ['monitoring.coreos.com'],
      kinds: [
        'AlertmanagerConfig',
        'PodMonitor',
        'Probe',
        'PrometheusRule',
        'ScrapeConfig',
        'ServiceMonitor',
      ],
      // Newer operators say which workloads have taken it; older ones say nothing.
      steps: [
        each('status.bindings', [
          condition('Accepted', 'False', 'Degraded'),
          condition('Accepted', 'True', 'Healthy'),
        ]),
      ],
    },
  ],
};
