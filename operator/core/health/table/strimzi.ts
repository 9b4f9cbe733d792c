import {
  condition,
  mustObserve,
  observed,
  otherwise,
  suspended,
  waiting,
  words,
  type Project,
  type Step,
} from '../table-row.ts';

const paused = condition('ReconciliationPaused', 'True', 'Suspended');

const resource: readonly Step[] = [
  paused,
  observed(),
  condition('NotReady', 'True', 'Progressing', { reasons: ['Creating'] }),
  condition('NotReady', 'True', 'Degraded'),
  // A connector that somebody halted is Ready all the same.
  words('spec.state', { Suspended: ['paused', 'stopped'] }, []),
  suspended('spec.pause'),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded'),
  waiting(),
];

export const strimzi: Project = {
  name: 'Strimzi',
  docs: 'https://strimzi.io/docs/operators/latest/configuring.html',
  rows: [
    {
      groups: ['kafka.strimzi.io'],
      kinds: [
        'Kafka',
        'KafkaBridge',
        'KafkaConnect',
        'KafkaConnector',
        'KafkaMirrorMaker',
        'KafkaMirrorMaker2',
        'KafkaTopic',
        'KafkaUser',
      ],
      steps: resource,
    },
    {
      groups: ['kafka.strimzi.io'],
      kinds: ['KafkaNodePool'],
      // Its cluster has the conditions.
      steps: [mustObserve(), otherwise('Healthy')],
    },
    {
      groups: ['kafka.strimzi.io'],
      kinds: ['KafkaRebalance'],
      steps: [
        paused,
        condition('NotReady', 'True', 'Degraded'),
        condition('Stopped', 'True', 'Suspended'),
        // Somebody has to approve it.
        condition('ProposalReady', 'True', 'Suspended'),
        condition('Ready', 'True', 'Healthy'),
        waiting('the rebalance to end'),
      ],
    },
  ],
};
