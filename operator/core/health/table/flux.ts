import {
  condition,
  is,
  observed,
  suspended,
  waiting,
  type Project,
  type Step,
} from '../table-row.ts';

/** Reasons of Ready=False that are a stage and no failure. */
const NOT_YET = ['Progressing', 'ProgressingWithRetry', 'DependencyNotReady'];

const beforeAll: readonly Step[] = [suspended(), observed()];

const byConditions: readonly Step[] = [
  condition('Stalled', 'True', 'Degraded'),
  condition('Ready', 'False', 'Progressing', { reasons: NOT_YET }),
  // While it tries again it goes on to say why the last attempt failed.
  condition('Reconciling', 'True', 'Progressing', { exceptReasons: ['ProgressingWithRetry'] }),
  condition('Ready', 'True', 'Healthy'),
  condition('Ready', 'False', 'Degraded'),
  condition('Ready', 'Unknown', 'Progressing'),
];

const toolkit: readonly Step[] = [...beforeAll, ...byConditions];

export const flux: Project = {
  name: 'Flux',
  docs: 'https://fluxcd.io/flux/components/',
  rows: [
    {
      groups: ['kustomize.toolkit.fluxcd.io'],
      kinds: ['Kustomization'],
      steps: [...toolkit, waiting()],
    },
    { groups: ['helm.toolkit.fluxcd.io'], kinds: ['HelmRelease'], steps: [...toolkit, waiting()] },
    {
      groups: ['source.toolkit.fluxcd.io'],
      kinds: ['GitRepository', 'OCIRepository', 'HelmChart', 'Bucket', 'ExternalArtifact'],
      steps: [...toolkit, waiting()],
    },
    {
      groups: ['source.toolkit.fluxcd.io'],
      kinds: ['HelmRepository'],
      // A repository of type oci is only read by others, its controller never answers.
      steps: [...toolkit, is('spec.type', 'oci', 'Healthy'), waiting()],
    },
    {
      groups: ['image.toolkit.fluxcd.io'],
      kinds: ['ImagePolicy', 'ImageRepository', 'ImageUpdateAutomation'],
      steps: [...toolkit, waiting()],
    },
    {
      groups: ['notification.toolkit.fluxcd.io'],
      kinds: ['Receiver'],
      steps: [...toolkit, waiting()],
    },
    {
      groups: ['notification.toolkit.fluxcd.io'],
      // Since v1beta3 they have no status.
      kinds: ['Alert', 'Provider'],
      steps: toolkit,
    },
    {
      groups: ['fluxcd.controlplane.io'],
      kinds: ['FluxInstance', 'ResourceSet', 'ResourceSetInputProvider'],
      steps: [...toolkit, waiting()],
    },
    {
      groups: ['infra.contrib.fluxcd.io'],
      kinds: ['Terraform'],
      steps: [
        ...beforeAll,
        // A plan that somebody has to approve.
        condition('Ready', 'Unknown', 'Suspended', { reasons: ['TerraformPlannedWithChanges'] }),
        ...byConditions,
        waiting(),
      ],
    },
  ],
};
