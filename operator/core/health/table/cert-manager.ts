import { condition, otherwise, ready, waiting, words, type Project } from '../table-row.ts';

export const certManager: Project = {
  name: 'cert-manager',
  docs: 'https://cert-manager.io/docs/reference/api-docs/',
  rows: [
    {
      groups: ['cert-manager.io'],
      kinds: ['Certificate'],
      steps: [
        condition('Issuing', 'True', 'Progressing'),
        condition('Ready', 'True', 'Healthy'),
        // Just made: nobody has tried to issue it. After a failure `Issuing` is False.
        condition('Issuing', 'False', 'Degraded'),
        condition('Ready', 'False', 'Progressing', { reasons: ['DoesNotExist'] }),
        condition('Ready', 'False', 'Degraded'),
        waiting('the certificate to be issued'),
      ],
    },
    {
      groups: ['cert-manager.io'],
      kinds: ['CertificateRequest'],
      steps: [
        condition('Denied', 'True', 'Degraded'),
        condition('InvalidRequest', 'True', 'Degraded'),
        condition('Ready', 'True', 'Healthy'),
        condition('Ready', 'False', 'Degraded', { reasons: ['Failed', 'Denied'] }),
        condition('Ready', 'False', 'Progressing'),
        waiting('the request to be approved'),
      ],
    },
    {
      groups: ['cert-manager.io'],
      kinds: ['Issuer', 'ClusterIssuer'],
      steps: [...ready(), otherwise('Progressing', 'waiting for the issuer to be set up')],
    },
    {
      groups: ['acme.cert-manager.io'],
      kinds: ['Order', 'Challenge'],
      steps: [
        words(
          'status.state',
          {
            Healthy: ['valid'],
            Progressing: ['pending', 'ready', 'processing'],
            Degraded: ['invalid', 'expired', 'errored'],
          },
          ['status.reason'],
        ),
        waiting(),
      ],
    },
    {
      groups: ['trust.cert-manager.io'],
      kinds: ['Bundle', 'ClusterBundle'],
      steps: [...ready('Synced'), waiting('the bundle to be synced')],
    },
    {
      groups: ['policy.cert-manager.io'],
      kinds: ['CertificateRequestPolicy'],
      steps: [...ready(), waiting()],
    },
  ],
};
