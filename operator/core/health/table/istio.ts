import { condition, each, observed, ready, waiting, words, type Project } from '../table-row.ts';

export const istio: Project = {
  name: 'Istio',
  docs: 'https://istio.io/latest/docs/reference/config/',
  rows: [
    {
      groups: [
        'networking.istio.io',
        'security.istio.io',
        'telemetry.istio.io',
        'extensions.istio.io',
      ],
      kinds: ['*'],
      // A status is written only when the installation asks for it: without one there is no health.
      steps: [
        observed(),
        condition('PassedAnalysis', 'False', 'Degraded'),
        each('status.validationMessages', [words('status.level', { Degraded: ['ERROR'] }, [])]),
        condition('Reconciled', 'False', 'Progressing'),
        condition('Reconciled', 'True', 'Healthy'),
        condition('PassedAnalysis', 'True', 'Healthy'),
      ],
    },
    {
      groups: ['install.istio.io'],
      kinds: ['IstioOperator'],
      steps: [
        words('status.status', {
          Healthy: ['HEALTHY'],
          Progressing: ['UPDATING', 'RECONCILING', 'NONE'],
          Degraded: ['ERROR', 'ACTION_REQUIRED'],
        }),
        waiting(),
      ],
    },
    {
      groups: ['sailoperator.io'],
      kinds: ['Istio', 'IstioRevision', 'IstioCNI', 'ZTunnel'],
      steps: [
        observed(),
        condition('Reconciled', 'False', 'Degraded'),
        ...ready('Ready', 'Progressing'),
        waiting(),
      ],
    },
  ],
};
