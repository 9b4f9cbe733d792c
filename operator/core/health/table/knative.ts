import { condition, observed, ready, waiting, type Project, type Step } from '../table-row.ts';

const resource: readonly Step[] = [observed(), ...ready(), waiting()];

/** Reasons of Ready=False that tell of what is being made, not of what failed. */
const STARTING = [
  // Of adapters, whose Pods start.
  'MinimumReplicasUnavailable',
  // Of channels, and of what is made of them.
  'EmptyHostname',
  'emptyAddress',
  'ChannelNotReady',
  'ChannelsNotReady',
  'SubscriptionsNotReady',
];

const eventing: readonly Step[] = [
  observed(),
  condition('Ready', 'False', 'Progressing', { reasons: STARTING }),
  ...ready(),
  waiting(),
];

export const knative: Project = {
  name: 'Knative',
  docs: 'https://knative.dev/docs/serving/reference/serving-api/',
  rows: [
    {
      groups: ['serving.knative.dev'],
      kinds: ['Service', 'Configuration', 'Route', 'Revision', 'DomainMapping'],
      steps: resource,
    },
    { groups: ['eventing.knative.dev'], kinds: ['*'], steps: eventing },
    { groups: ['messaging.knative.dev'], kinds: ['*'], steps: eventing },
    { groups: ['flows.knative.dev'], kinds: ['*'], steps: eventing },
    { groups: ['sources.knative.dev'], kinds: ['*'], steps: eventing },
    { groups: ['sinks.knative.dev'], kinds: ['*'], steps: resource },
    {
      groups: ['operator.knative.dev'],
      kinds: ['KnativeServing', 'KnativeEventing'],
      steps: [
        observed(),
        condition('InstallSucceeded', 'False', 'Degraded'),
        condition('VersionMigrationEligible', 'False', 'Degraded'),
        condition('TargetClusterResolved', 'False', 'Degraded'),
        condition('DependenciesInstalled', 'False', 'Degraded', { reasons: ['Error'] }),
        condition('Ready', 'True', 'Healthy'),
        // The workloads or the dependencies are starting.
        condition('Ready', 'False', 'Progressing'),
        waiting('the installation'),
      ],
    },
  ],
};
