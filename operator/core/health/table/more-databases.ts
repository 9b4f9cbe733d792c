import { waiting, words, type Project } from '../table-row.ts';

export const mySqlOperator: Project = {
  name: 'MySQL Operator (Oracle)',
  docs: 'https://dev.mysql.com/doc/mysql-operator/en/',
  rows: [
    {
      groups: ['mysql.oracle.com'],
      kinds: ['InnoDBCluster'],
      steps: [
        words(
          'status.cluster.status',
          {
            Healthy: ['ONLINE'],
            Progressing: ['PENDING', 'INITIALIZING', 'FINALIZING', 'ONLINE_PARTIAL'],
            Degraded: ['OFFLINE*', 'NO_QUORUM*', 'SPLIT_BRAIN*', 'INVALID', 'ONLINE_UNCERTAIN'],
          },
          [],
        ),
        waiting(),
      ],
    },
  ],
};

export const openSearch: Project = {
  name: 'OpenSearch operator',
  docs: 'https://github.com/opensearch-project/opensearch-k8s-operator/tree/main/docs',
  rows: [
    {
      groups: ['opensearch.opster.io', 'opensearch.org'],
      kinds: ['OpenSearchCluster'],
      steps: [
        words('status.health', { Degraded: ['red'] }, []),
        words(
          'status.phase',
          { Healthy: ['RUNNING'], Progressing: ['PENDING', 'UPGRADING'], Degraded: ['FAILED'] },
          [],
        ),
        waiting(),
      ],
    },
  ],
};
