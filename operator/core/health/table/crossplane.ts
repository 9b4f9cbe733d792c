import { condition, waiting, type Project, type Step } from '../table-row.ts';

const managed: readonly Step[] = [
  condition('Synced', 'False', 'Suspended', { reasons: ['ReconcilePaused'] }),
  condition('Synced', 'False', 'Degraded'),
  condition('LastAsyncOperation', 'False', 'Degraded'),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded', { reasons: ['Unavailable'] }),
  condition('Ready', 'False', 'Progressing'),
  waiting('the resource to exist'),
];

/** Kinds that are only read by controllers and never get conditions. */
const CONFIGURATION = [
  'ClusterProviderConfig',
  'ClusterUsage',
  'Composition',
  'CompositionRevision',
  'ControllerConfig',
  'DeploymentRuntimeConfig',
  'EnvironmentConfig',
  'ImageConfig',
  'Lock',
  'ProviderConfig',
  'ProviderConfigUsage',
  'ClusterProviderConfigUsage',
  'StoreConfig',
  'Usage',
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
        condition('Healthy', 'True', 'Healthy'),
        condition('RevisionHealthy', 'True', 'Healthy'),
        condition('Healthy', 'False', 'Degraded'),
        condition('RevisionHealthy', 'False', 'Degraded'),
        condition('Healthy', 'Unknown', 'Progressing'),
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
        condition('Established', 'False', 'Degraded', {
          exceptReasons: ['WatchingCompositeResource'],
        }),
        condition('Established', 'False', 'Progressing'),
        condition('Established', 'True', 'Healthy'),
        waiting('the kind to be established'),
      ],
    },
    { groups: ['*.crossplane.io', '*.upbound.io'], kinds: ['*'], steps: managed },
  ],
};
