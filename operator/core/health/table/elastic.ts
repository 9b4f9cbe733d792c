import { observed, waiting, words, type Project, type Step } from '../table-row.ts';

const byHealth = words(
  'status.health',
  { Healthy: ['green'], Progressing: ['yellow', 'unknown'], Degraded: ['red'] },
  [],
);

/** The applications around Elasticsearch; until they have found it they cannot be well. */
const application: readonly Step[] = [
  observed(),
  words('status.associationStatus', { Progressing: ['Pending'], Degraded: ['Failed'] }),
  words('status.elasticsearchAssociationStatus', {
    Progressing: ['Pending'],
    Degraded: ['Failed'],
  }),
  words('status.kibanaAssociationStatus', { Progressing: ['Pending'], Degraded: ['Failed'] }),
  words('status.fleetServerAssociationStatus', { Progressing: ['Pending'], Degraded: ['Failed'] }),
  byHealth,
  waiting(),
];

export const elastic: Project = {
  name: 'Elastic Cloud on Kubernetes',
  docs: 'https://www.elastic.co/docs/reference/cloud-on-k8s/api-docs',
  rows: [
    {
      groups: ['elasticsearch.k8s.elastic.co'],
      kinds: ['Elasticsearch'],
      steps: [
        observed(),
        words('status.phase', {
          Degraded: ['Invalid', 'Stalled'],
          Progressing: ['ApplyingChanges', 'MigratingData'],
        }),
        byHealth,
        waiting(),
      ],
    },
    {
      groups: [
        'agent.k8s.elastic.co',
        'apm.k8s.elastic.co',
        'beat.k8s.elastic.co',
        'enterprisesearch.k8s.elastic.co',
        'kibana.k8s.elastic.co',
        'logstash.k8s.elastic.co',
        'maps.k8s.elastic.co',
      ],
      kinds: ['*'],
      steps: application,
    },
    {
      groups: ['stackconfigpolicy.k8s.elastic.co'],
      kinds: ['StackConfigPolicy'],
      steps: [
        observed(),
        words('status.phase', {
          Healthy: ['Ready'],
          Progressing: ['ApplyingChanges', 'Unknown'],
          Degraded: ['Error', 'Invalid', 'Conflict'],
        }),
        waiting(),
      ],
    },
  ],
};
