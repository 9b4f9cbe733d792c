import { waiting, words, type Project } from '../table-row.ts';

export const mySqlOperator: Project = {
  name: 'MySQL Operator (Oracle)',
  docs: 'https://github.com/mysql/mysql-operator/blob/trunk/mysqloperator/controller/diagnose.py',
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
            // No member can be reached.
            Unknown: ['UNKNOWN'],
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
  docs: 'https://github.com/opensearch-project/opensearch-k8s-operator/blob/main/opensearch-operator/api/opensearch.org/v1/opensearch_types.go',
  rows: [
    {
      groups: ['opensearch.opster.io', 'opensearch.org'],
      kinds: ['OpenSearchCluster'],
      steps: [
        words('status.health', { Degraded: ['red'] }, []),
        words('status.phase', { Healthy: ['RUNNING'], Progressing: ['PENDING', 'UPGRADING'] }, []),
        waiting(),
      ],
    },
    {
      groups: ['opensearch.opster.io', 'opensearch.org'],
      kinds: ['*'],
      // Users, roles, tenants, policies and templates within a cluster.
      steps: [
        words('status.state', {
          // What was there before is left as it is.
          Healthy: ['CREATED', 'IGNORED'],
          Progressing: ['PENDING', 'TERMINATING'],
          Degraded: ['ERROR'],
        }),
        waiting(),
      ],
    },
  ],
};
