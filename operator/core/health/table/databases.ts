import {
  absent,
  condition,
  each,
  fewer,
  is,
  observed,
  otherwise,
  ready,
  suspended,
  waiting,
  words,
  type Project,
  type Step,
} from '../table-row.ts';

export const zalandoPostgres: Project = {
  name: 'Postgres Operator (Zalando)',
  docs: 'https://postgres-operator.readthedocs.io/en/latest/reference/cluster_manifest/',
  rows: [
    {
      groups: ['acid.zalan.do'],
      kinds: ['postgresql'],
      steps: [
        words('status.PostgresClusterStatus', {
          Healthy: ['Running'],
          Progressing: ['Creating', 'Updating'],
          Degraded: ['CreateFailed', 'UpdateFailed', 'SyncFailed', 'Invalid'],
        }),
        waiting(),
      ],
    },
    { groups: ['acid.zalan.do'], kinds: ['OperatorConfiguration', 'PostgresTeam'], steps: [] },
  ],
};

export const crunchyPostgres: Project = {
  name: 'Crunchy Postgres',
  docs: 'https://access.crunchydata.com/documentation/postgres-operator/latest/references/crd',
  rows: [
    {
      groups: ['postgres-operator.crunchydata.com'],
      kinds: ['PostgresCluster'],
      steps: [
        is('spec.shutdown', true, 'Suspended', 'spec.shutdown is true'),
        is('spec.paused', true, 'Suspended', 'spec.paused is true'),
        observed(),
        condition('ProxyAvailable', 'False', 'Progressing'),
        each('status.instances', [
          fewer('status.readyReplicas', 'status.replicas', 'instances are ready'),
          fewer('status.updatedReplicas', 'status.replicas', 'instances are updated'),
          otherwise('Healthy'),
        ]),
        waiting(),
      ],
    },
  ],
};

export const mariaDb: Project = {
  name: 'MariaDB operator',
  docs: 'https://github.com/mariadb-operator/mariadb-operator/blob/main/docs/api_reference.md',
  rows: [
    {
      groups: ['k8s.mariadb.com'],
      kinds: ['Backup', 'PhysicalBackup', 'Restore', 'SqlJob'],
      steps: [
        suspended(),
        condition('Complete', 'True', 'Healthy'),
        condition('Complete', 'False', 'Degraded', {
          reasons: ['Failed', 'JobFailed'],
        }),
        condition('Complete', 'False', 'Suspended', { reasons: ['JobSuspended'] }),
        condition('Complete', 'False', 'Healthy', {
          // The reason of success is spelt so in its API.
          reasons: ['CronJobScheduled', 'CronJobRunning', 'CronJobSucess'],
        }),
        condition('Complete', 'False', 'Progressing'),
        waiting(),
      ],
    },
    {
      groups: ['k8s.mariadb.com'],
      kinds: ['MariaDB', 'MaxScale', 'Connection', 'Database', 'Grant', 'User', 'ExternalMariaDB'],
      steps: [
        suspended(),
        condition('Ready', 'True', 'Healthy'),
        condition('Ready', 'False', 'Suspended', { reasons: ['Suspended'] }),
        condition('Ready', 'False', 'Degraded', { reasons: ['Failed', 'ConnectionFailed'] }),
        condition('Ready', 'False', 'Progressing'),
        waiting(),
      ],
    },
  ],
};

export const percona: Project = {
  name: 'Percona operators',
  docs: 'https://docs.percona.com/percona-operators/',
  rows: [
    {
      groups: ['pgv2.percona.com'],
      kinds: ['PerconaPGUpgrade'],
      // It alone has conditions and no state.
      steps: [observed(), ...ready('Succeeded'), waiting('the upgrade to end')],
    },
    {
      groups: ['pxc.percona.com', 'psmdb.percona.com', 'ps.percona.com', 'pgv2.percona.com'],
      kinds: ['*'],
      steps: [
        observed(),
        words(
          'status.state',
          {
            Healthy: ['ready', 'succeeded'],
            Progressing: [
              'initializing',
              'stopping',
              'starting',
              'running',
              'requested',
              'waiting',
              'new',
              'stopping cluster',
              'restoring',
              'starting cluster',
              'point-in-time recovering',
              'preparing cluster',
            ],
            Degraded: ['error', 'failed', 'rejected'],
            Suspended: ['paused', 'suspended'],
            Unknown: ['unknown'],
          },
          ['status.message', 'status.error', 'status.comments', 'status.stateDescription'],
        ),
        waiting(),
      ],
    },
  ],
};

const byPhase: readonly Step[] = [
  words('status.phase', { Suspended: ['Disabled'] }),
  observed(),
  words('status.phase', {
    Healthy: ['Running', 'Updated'],
    Progressing: ['Pending', 'Reconciling'],
    Degraded: ['Failed', 'Unsupported'],
  }),
];

export const mongoDb: Project = {
  name: 'MongoDB operators',
  docs: 'https://www.mongodb.com/docs/kubernetes/current/reference/k8s-operator-specification/',
  rows: [
    {
      groups: ['mongodbcommunity.mongodb.com', 'mongodb.com'],
      kinds: ['*'],
      steps: [...byPhase, waiting()],
    },
    {
      groups: ['mongodb.com'],
      kinds: ['ClusterMongoDBRole'],
      // Has the status of the others, and is read by the databases that name it: none may come.
      steps: byPhase,
    },
    {
      groups: ['atlas.mongodb.com'],
      kinds: ['*'],
      steps: [observed(), ...ready('Ready', 'Progressing')],
    },
  ],
};

const byReconciliation: readonly Step[] = [
  words('spec.stop', { Suspended: ['yes', 'true', 'on', '1', 'enable', 'enabled'] }, []),
  words(
    'status.status',
    {
      Healthy: ['Completed'],
      Progressing: ['InProgress', 'Terminating'],
      Degraded: ['Aborted'],
    },
    ['status.error', 'status.action'],
  ),
  waiting(),
];

export const clickHouse: Project = {
  name: 'ClickHouse operator (Altinity)',
  docs: 'https://docs.altinity.com/altinitykubernetesoperator/',
  rows: [
    {
      groups: ['clickhouse.altinity.com'],
      kinds: ['ClickHouseInstallation'],
      steps: byReconciliation,
    },
    {
      groups: ['clickhouse-keeper.altinity.com'],
      kinds: ['ClickHouseKeeperInstallation'],
      steps: byReconciliation,
    },
  ],
};

export const cassandra: Project = {
  name: 'cass-operator',
  docs: 'https://docs.k8ssandra.io/components/cass-operator/',
  rows: [
    {
      groups: ['cassandra.datastax.com'],
      kinds: ['CassandraDatacenter'],
      steps: [
        condition('Valid', 'False', 'Degraded'),
        condition('Stopped', 'True', 'Suspended'),
        observed(),
        words('status.cassandraOperatorProgress', { Progressing: ['Updating'] }),
        condition('Ready', 'False', 'Progressing'),
        // Once true, Ready stays so until the nodes are stopped on purpose.
        condition('Healthy', 'False', 'Degraded'),
        condition('Ready', 'True', 'Healthy'),
        waiting(),
      ],
    },
  ],
};

export const kubeDb: Project = {
  name: 'KubeDB',
  docs: 'https://kubedb.com/docs/',
  rows: [
    {
      groups: ['kubedb.com'],
      kinds: ['*'],
      steps: [
        observed(),
        words('status.phase', {
          Healthy: ['Ready'],
          Progressing: ['Provisioning', 'DataRestoring'],
          Degraded: ['Critical', 'NotReady'],
          Suspended: ['Halted'],
          Unknown: ['Unknown'],
        }),
        waiting(),
      ],
    },
    {
      groups: ['ops.kubedb.com'],
      kinds: ['*'],
      steps: [
        words('status.phase', {
          Healthy: ['Successful', 'Skipped'],
          Progressing: ['Pending', 'Progressing', 'Approved'],
          Degraded: ['Failed', 'Denied'],
          Suspended: ['WaitingForApproval'],
        }),
        waiting(),
      ],
    },
  ],
};

export const solr: Project = {
  name: 'Solr and ZooKeeper',
  docs: 'https://apache.github.io/solr-operator/docs/solr-cloud/',
  rows: [
    {
      groups: ['solr.apache.org'],
      kinds: ['SolrCloud'],
      steps: [
        absent('status', 'Progressing', 'waiting for the first status'),
        fewer('status.readyReplicas', 'spec.replicas', 'replicas are ready'),
        fewer('status.upToDateNodes', 'status.replicas', 'nodes are up to date'),
        otherwise('Healthy'),
      ],
    },
    {
      groups: ['zookeeper.pravega.io'],
      kinds: ['ZookeeperCluster'],
      steps: [
        absent('status', 'Progressing', 'waiting for the first status'),
        condition('Error', 'True', 'Degraded'),
        condition('Upgrading', 'True', 'Progressing'),
        fewer('status.readyReplicas', 'spec.replicas', 'replicas are ready'),
        otherwise('Healthy'),
      ],
    },
  ],
};
