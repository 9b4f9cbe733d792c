import {
  condition,
  fewer,
  is,
  observed,
  present,
  ready,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const rabbitMq: Project = {
  name: 'RabbitMQ',
  docs: 'https://www.rabbitmq.com/kubernetes/operator/using-operator',
  rows: [
    {
      groups: ['rabbitmq.com'],
      kinds: ['RabbitmqCluster'],
      steps: [
        observed(),
        condition('ReconcileSuccess', 'False', 'Degraded'),
        condition('AllReplicasReady', 'False', 'Progressing'),
        condition('ClusterAvailable', 'False', 'Degraded'),
        condition('AllReplicasReady', 'True', 'Healthy'),
        waiting('the replicas'),
      ],
    },
    {
      groups: ['rabbitmq.com'],
      kinds: ['*'],
      // The topology operator: queues, exchanges, users and so on.
      steps: [
        observed(),
        // Of users; their password may change by itself.
        condition('PasswordSynced', 'False', 'Degraded'),
        ...ready(),
        waiting(),
      ],
    },
  ],
};

export const confluent: Project = {
  name: 'Confluent for Kubernetes',
  docs: 'https://docs.confluent.io/operator/current/co-api.html',
  rows: [
    {
      groups: ['platform.confluent.io'],
      kinds: [
        'Connect',
        'ControlCenter',
        'Kafka',
        'KafkaRestProxy',
        'KRaftController',
        'KsqlDB',
        'SchemaRegistry',
        'Zookeeper',
      ],
      steps: [
        observed(),
        fewer('status.readyReplicas', 'status.replicas', 'replicas are ready'),
        words('status.phase', { Healthy: ['RUNNING'] }),
        waiting('the Pods to run'),
      ],
    },
    {
      groups: ['platform.confluent.io'],
      kinds: ['ConfluentRolebinding', 'Connector', 'KafkaTopic'],
      steps: [
        observed(),
        words('status.connectorState', { Degraded: ['FAILED'], Suspended: ['PAUSED', 'STOPPED'] }),
        words('status.appState', { Degraded: ['Failed'] }),
        words('status.state', { Healthy: ['CREATED'] }),
        words('status.appState', { Healthy: ['Created'] }),
        waiting(),
      ],
    },
    {
      groups: ['platform.confluent.io'],
      kinds: ['ClusterLink', 'Schema', 'SchemaExporter'],
      // At first the word is Unknown; the words of their `state` are not documented.
      steps: [observed(), words('status.appState', { Healthy: ['Created'], Degraded: ['Failed'] })],
    },
    {
      groups: ['platform.confluent.io'],
      kinds: ['KRaftMigrationJob'],
      steps: [
        words('status.phase', {
          Healthy: ['COMPLETE'],
          // Stays so until somebody says whether to go on or back.
          Suspended: ['DUAL-WRITE'],
        }),
        waiting('the migration to end'),
      ],
    },
  ],
};

export const camelK: Project = {
  name: 'Camel K',
  docs: 'https://camel.apache.org/camel-k/next/apis/camel-k.html',
  rows: [
    {
      groups: ['camel.apache.org'],
      kinds: ['Build'],
      steps: [
        observed(),
        words(
          'status.phase',
          {
            Healthy: ['Succeeded'],
            Progressing: ['Initialization', 'Scheduling', 'Pending', 'Running'],
            Degraded: ['Failed', 'Interrupted', 'Error'],
          },
          ['status.error'],
        ),
        waiting(),
      ],
    },
    {
      groups: ['camel.apache.org'],
      kinds: ['Integration', 'IntegrationKit', 'IntegrationPlatform', 'Pipe'],
      steps: [
        observed(),
        words('status.phase', {
          Degraded: ['Error', 'Cannot Monitor Pods', 'Duplicate'],
          Progressing: [
            'Initialization',
            'Waiting For *',
            'Building*',
            'Build *',
            'Deploying',
            'Creating',
            'Warming',
          ],
        }),
        condition('Ready', 'False', 'Progressing'),
        words('status.phase', { Healthy: ['Running', 'Ready'] }),
        waiting(),
      ],
    },
  ],
};

export const keycloak: Project = {
  name: 'Keycloak',
  docs: 'https://www.keycloak.org/operator/basic-deployment',
  rows: [
    {
      groups: ['k8s.keycloak.org'],
      kinds: ['Keycloak'],
      steps: [
        condition('HasErrors', 'True', 'Degraded'),
        observed(),
        condition('RollingUpdate', 'True', 'Progressing'),
        ...ready('Ready', 'Progressing'),
        waiting(),
      ],
    },
    {
      groups: ['k8s.keycloak.org'],
      kinds: ['KeycloakRealmImport'],
      steps: [
        condition('HasErrors', 'True', 'Degraded'),
        condition('Done', 'True', 'Healthy'),
        waiting('the import to end'),
      ],
    },
  ],
};

export const grafana: Project = {
  name: 'Grafana operator',
  docs: 'https://grafana.github.io/grafana-operator/docs/api/',
  rows: [
    {
      groups: ['grafana.integreatly.org'],
      kinds: ['Grafana'],
      steps: [
        is('spec.suspend', true, 'Suspended', 'spec.suspend is true'),
        words('status.stageStatus', { Degraded: ['failed'], Progressing: ['in progress'] }, [
          'status.lastMessage',
        ]),
        condition('GrafanaReady', 'False', 'Degraded'),
        words('status.stage', { Healthy: ['complete'] }),
        waiting('the deployment to be complete'),
      ],
    },
    {
      groups: ['grafana.integreatly.org'],
      kinds: ['GrafanaNotificationPolicyRoute'],
      // Read into policies, whose status says what came of it.
      steps: [],
    },
    {
      groups: ['grafana.integreatly.org'],
      kinds: ['*'],
      steps: [
        is('spec.suspend', true, 'Suspended', 'spec.suspend is true'),
        condition('InvalidSpec', 'True', 'Degraded'),
        condition('NotificationPolicyLoopDetected', 'True', 'Degraded'),
        condition('*Synchronized', 'False', 'Degraded'),
        condition('NoMatchingInstance', 'True', 'Degraded'),
        condition('NoMatchingFolder', 'True', 'Degraded'),
        condition('*Synchronized', 'True', 'Healthy'),
        is('status.NoMatchingInstances', true, 'Degraded', 'no Grafana instance matches'),
        // Before 5.10 a hash was all that was written.
        present('status.hash', 'Healthy'),
        waiting('a Grafana instance to take it'),
      ],
    },
  ],
};

export const loggingOperator: Project = {
  name: 'Logging operator',
  docs: 'https://kube-logging.dev/docs/configuration/crds/',
  rows: [
    {
      groups: ['logging.banzaicloud.io'],
      kinds: [
        'Flow',
        'ClusterFlow',
        'Output',
        'ClusterOutput',
        'SyslogNGFlow',
        'SyslogNGClusterFlow',
        'SyslogNGOutput',
        'SyslogNGClusterOutput',
      ],
      steps: [
        is('status.active', true, 'Healthy'),
        is('status.active', false, 'Degraded', 'status.active is false'),
      ],
    },
  ],
};
