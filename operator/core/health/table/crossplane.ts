import { condition, is, ready, waiting, type Project, type Step } from '../table-row.ts';

const paused = condition('Synced', 'False', 'Suspended', { reasons: ['ReconcilePaused'] });

const managed: readonly Step[] = [
  paused,
  condition('Synced', 'False', 'Degraded'),
  condition('LastAsyncOperation', 'False', 'Degraded'),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded', { reasons: ['Unavailable'] }),
  condition('Ready', 'False', 'Progressing'),
  waiting('the resource to exist'),
];

/** Of operations that start others: `type` says whether it does. */
const starting = (type: string, pausing: string): readonly Step[] => [
  paused,
  condition('Synced', 'False', 'Degraded'),
  condition(type, 'True', 'Healthy'),
  condition(type, 'False', 'Suspended', { reasons: [pausing] }),
  condition(type, 'False', 'Degraded'),
  waiting(),
];

/** Kinds that are only read by controllers and never get conditions. */
const CONFIGURATION = [
  'ClusterProviderConfig',
  'Composition',
  'ControllerConfig',
  'DeploymentRuntimeConfig',
  'EnvironmentConfig',
  'ImageConfig',
  'Lock',
  'ProviderConfig',
  'ProviderConfigUsage',
  'ClusterProviderConfigUsage',
  'StoreConfig',
];

export const crossplane: Project = {
  name: 'Crossplane and Upbound',
  docs: 'https://docs.crossplane.io/latest/api/',
  rows: [
    { groups: ['*.crossplane.io', '*.upbound.io'], kinds: CONFIGURATION, steps: [] },
    {
      groups: ['pkg.crossplane.io'],
      kinds: [
        'Configuration',
        'ConfigurationRevision',
        'Function',
        'FunctionRevision',
        'Provider',
        'ProviderRevision',
      ],
      steps: [
        condition('Installed', 'False', 'Suspended', { reasons: ['InactivePackageRevision'] }),
        condition('Installed', 'False', 'Progressing', { reasons: ['UnpackingPackage'] }),
        condition('Installed', 'False', 'Degraded'),
        condition('Verified', 'False', 'Degraded', { reasons: ['SignatureVerificationFailed'] }),
        condition('Healthy', 'True', 'Healthy'),
        condition('Healthy', 'False', 'Degraded'),
        condition('Healthy', 'Unknown', 'Progressing'),
        // Revisions, since version 2; those of configurations run nothing.
        condition('RevisionHealthy', 'False', 'Progressing', {
          reasons: ['AwaitingSignatureVerification'],
        }),
        condition('RevisionHealthy', 'False', 'Degraded'),
        condition('RevisionHealthy', 'Unknown', 'Progressing'),
        condition('RuntimeHealthy', 'False', 'Degraded'),
        condition('RuntimeHealthy', 'Unknown', 'Progressing'),
        condition('RevisionHealthy', 'True', 'Healthy'),
        waiting('the package to be installed'),
      ],
    },
    {
      groups: ['pkg.crossplane.io'],
      kinds: ['DeploymentRuntimeConfig', 'ImageConfig', 'Lock', 'ControllerConfig'],
      steps: [],
    },
    {
      groups: ['apiextensions.crossplane.io'],
      kinds: ['CompositeResourceDefinition'],
      steps: [
        condition('Established', 'True', 'Healthy'),
        // The only reason is that the kind is being removed.
        condition('Established', 'False', 'Progressing'),
        waiting('the kind to be established'),
      ],
    },
    {
      groups: ['apiextensions.crossplane.io'],
      kinds: ['ManagedResourceDefinition'],
      // An inactive one is as it should be: nobody has asked for the kind.
      steps: [
        condition('Healthy', 'Unknown', 'Degraded', { reasons: ['EncounteredErrors'] }),
        condition('Established', 'True', 'Healthy'),
        // Pending and Unknown is a stage; pending and False means that an error came in between.
        condition('Established', 'False', 'Degraded', { reasons: ['PendingManagedResource'] }),
        is('spec.state', 'Active', 'Progressing', 'waiting for the kind to be established'),
      ],
    },
    {
      groups: ['apiextensions.crossplane.io'],
      kinds: ['ManagedResourceActivationPolicy'],
      steps: [
        condition('Established', 'False', 'Degraded', {
          reasons: ['BlockedManagedResourceActivationPolicy'],
        }),
        condition('Healthy', 'Unknown', 'Degraded', { reasons: ['EncounteredErrors'] }),
        condition('Healthy', 'True', 'Healthy'),
      ],
    },
    {
      groups: ['apiextensions.crossplane.io'],
      kinds: ['CompositionRevision'],
      // Older Crossplane says nothing of them.
      steps: [
        condition('ValidPipeline', 'False', 'Degraded'),
        condition('ValidPipeline', 'True', 'Healthy'),
      ],
    },
    {
      groups: ['protection.crossplane.io'],
      kinds: ['Usage', 'ClusterUsage'],
      steps: [...ready(), waiting('the used resource to be protected')],
    },
    {
      groups: ['apiextensions.crossplane.io'],
      kinds: ['Usage'],
      steps: [...ready(), waiting('the used resource to be protected')],
    },
    {
      groups: ['ops.crossplane.io'],
      kinds: ['Operation'],
      steps: [
        paused,
        condition('ValidPipeline', 'False', 'Degraded'),
        condition('Synced', 'False', 'Degraded'),
        ...ready('Succeeded'),
        waiting('the operation to run'),
      ],
    },
    {
      groups: ['ops.crossplane.io'],
      kinds: ['CronOperation'],
      steps: starting('Scheduling', 'SchedulePaused'),
    },
    {
      groups: ['ops.crossplane.io'],
      kinds: ['WatchOperation'],
      steps: starting('Watching', 'WatchPaused'),
    },
    { groups: ['*.crossplane.io', '*.upbound.io'], kinds: ['*'], steps: managed },
  ],
};
