import {
  condition,
  fraction,
  is,
  observed,
  otherwise,
  present,
  ready,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const flagger: Project = {
  name: 'Flagger',
  docs: 'https://docs.flagger.app/usage/how-it-works',
  rows: [
    {
      groups: ['flagger.app'],
      kinds: ['Canary'],
      steps: [
        is('spec.suspend', true, 'Suspended', 'spec.suspend is true'),
        words('status.phase', {
          Healthy: ['Initialized', 'Succeeded'],
          Progressing: ['Initializing', 'Progressing', 'Promoting', 'Finalising', 'Terminating'],
          Degraded: ['Failed', 'Terminated'],
          // Somebody has to confirm.
          Suspended: ['Waiting', 'WaitingPromotion'],
        }),
        waiting(),
      ],
    },
  ],
};

export const datadog: Project = {
  name: 'Datadog',
  docs: 'https://docs.datadoghq.com/containers/datadog_operator/',
  rows: [
    {
      groups: ['datadoghq.com'],
      kinds: ['DatadogMetric'],
      steps: [
        condition('Error', 'True', 'Degraded'),
        condition('Valid', 'False', 'Degraded'),
        condition('Valid', 'True', 'Healthy'),
        waiting('the first value'),
      ],
    },
    {
      groups: ['datadoghq.com'],
      kinds: ['DatadogMonitor', 'DatadogSLO', 'DatadogDashboard', 'DatadogGenericResource'],
      steps: [
        condition('Error', 'True', 'Degraded'),
        condition('Created', 'True', 'Healthy'),
        condition('Active', 'True', 'Healthy'),
        waiting('it to be made at Datadog'),
      ],
    },
    {
      groups: ['datadoghq.com'],
      kinds: ['DatadogAgent'],
      steps: [
        condition('*ReconcileError', 'True', 'Degraded'),
        condition('*Reconcile', 'False', 'Degraded'),
        ...[
          'status.agent.state',
          'status.clusterAgent.state',
          'status.clusterChecksRunner.state',
        ].map((field) =>
          words(
            field,
            { Degraded: ['Failed'], Progressing: ['Updating', 'Progressing', 'Canary'] },
            [],
          ),
        ),
        words('status.agent.state', { Healthy: ['Running'] }, []),
        condition('*Reconcile', 'True', 'Healthy'),
        waiting('the agents'),
      ],
    },
  ],
};

export const openTelemetry: Project = {
  name: 'OpenTelemetry operator',
  docs: 'https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/api/opentelemetrycollectors.md',
  rows: [
    {
      groups: ['opentelemetry.io'],
      kinds: ['OpenTelemetryCollector'],
      steps: [
        is('spec.managementState', 'unmanaged', 'Suspended', 'spec.managementState is unmanaged'),
        // Only newer operators say it.
        condition('Ready', 'False', 'Degraded'),
        // Runs inside other Pods.
        is('spec.mode', 'sidecar', 'Healthy'),
        fraction('status.scale.statusReplicas', 'replicas are ready'),
        present('status', 'Healthy'),
        waiting(),
      ],
    },
    {
      groups: ['opentelemetry.io'],
      kinds: ['TargetAllocator', 'OpAMPBridge'],
      // The version is written when all of its objects could be applied, and nothing else.
      steps: [
        is('spec.managementState', 'unmanaged', 'Suspended', 'spec.managementState is unmanaged'),
        present('status.version', 'Healthy'),
        waiting(),
      ],
    },
    {
      groups: ['opentelemetry.io'],
      kinds: ['ClusterObservability'],
      steps: [
        observed(),
        condition('Conflicted', 'True', 'Degraded'),
        condition('Configured', 'False', 'Degraded'),
        ...ready(),
        waiting(),
      ],
    },
    {
      groups: ['opentelemetry.io'],
      kinds: ['Instrumentation'],
      // Newer operators say that they have read it, and nothing else.
      steps: [condition('Ready', 'True', 'Healthy')],
    },
  ],
};

export const keptn: Project = {
  name: 'Keptn',
  docs: 'https://keptn.sh/stable/docs/reference/api-reference/',
  rows: [
    {
      groups: ['lifecycle.keptn.sh'],
      kinds: [
        'KeptnAppVersion',
        'KeptnEvaluation',
        'KeptnTask',
        'KeptnWorkloadInstance',
        'KeptnWorkloadVersion',
      ],
      steps: [
        // A warning is the end of one whose checks failed and do not block.
        words('status.status', {
          Healthy: ['Succeeded', 'Warning'],
          Degraded: ['Failed', 'Deprecated'],
        }),
        words('status.overallStatus', { Healthy: ['Succeeded', 'Warning'], Degraded: ['Failed'] }),
        waiting('its checks'),
      ],
    },
    {
      groups: ['metrics.keptn.sh'],
      kinds: ['Analysis'],
      steps: [
        words('status.state', { Progressing: ['Pending', 'Progressing', ''] }),
        is('status.pass', true, 'Healthy'),
        is('status.warning', true, 'Healthy', 'passed with a warning'),
        otherwise('Degraded', 'the analysis did not pass'),
      ],
    },
  ],
};

export const fleet: Project = {
  name: 'Fleet',
  docs: 'https://fleet.rancher.io/ref-crds',
  rows: [
    {
      groups: ['fleet.cattle.io'],
      kinds: ['GitRepo', 'Bundle', 'BundleDeployment', 'HelmOp'],
      steps: [
        is('spec.paused', true, 'Suspended', 'spec.paused is true'),
        observed(),
        condition('Stalled', 'True', 'Degraded'),
        words('status.display.state', { Degraded: ['ErrApplied'] }, ['status.display.message']),
        condition('Ready', 'False', 'Progressing'),
        condition('Ready', 'True', 'Healthy'),
        waiting('the bundles'),
      ],
    },
  ],
};

export const helmController: Project = {
  name: 'K3s Helm controller',
  docs: 'https://docs.k3s.io/helm',
  rows: [
    {
      groups: ['helm.cattle.io'],
      kinds: ['HelmChart'],
      steps: [
        condition('Failed', 'True', 'Degraded'),
        condition('JobCreated', 'True', 'Healthy'),
        // Of older controllers, that have no conditions.
        present('status.jobName', 'Healthy'),
        waiting('the job that installs it'),
      ],
    },
    { groups: ['helm.cattle.io'], kinds: ['HelmChartConfig'], steps: [] },
  ],
};

export const pulumi: Project = {
  name: 'Pulumi',
  docs: 'https://www.pulumi.com/docs/iac/using-pulumi/continuous-delivery/pulumi-kubernetes-operator/',
  rows: [
    {
      groups: ['pulumi.com'],
      kinds: ['Stack'],
      steps: [
        observed(),
        condition('Stalled', 'True', 'Degraded'),
        condition('Ready', 'True', 'Healthy'),
        words('status.lastUpdate.state', { Degraded: ['failed'] }, ['status.lastUpdate.message']),
        condition('Reconciling', 'True', 'Progressing'),
        words('status.lastUpdate.state', { Healthy: ['succeeded'] }, []),
        waiting('the first update'),
      ],
    },
  ],
};

export const actionsRunners: Project = {
  name: 'Actions Runner Controller',
  docs: 'https://docs.github.com/en/actions/concepts/runners/actions-runner-controller',
  rows: [
    {
      groups: ['actions.github.com'],
      kinds: ['AutoscalingRunnerSet'],
      steps: [
        words('status.phase', {
          Healthy: ['Running'],
          Progressing: ['Pending'],
          Degraded: ['Outdated'],
        }),
      ],
    },
    {
      groups: ['actions.github.com'],
      kinds: ['EphemeralRunner'],
      steps: [
        words('status.phase', {
          Healthy: ['Running', 'Succeeded'],
          Degraded: ['Failed', 'Outdated'],
        }),
        // One that has registered stays Pending until it is given a job.
        is('status.ready', true, 'Healthy'),
        waiting('the runner to register'),
      ],
    },
  ],
};

export const kubeVela: Project = {
  name: 'KubeVela',
  docs: 'https://github.com/kubevela/kubevela/blob/master/apis/core.oam.dev/common/types.go',
  rows: [
    {
      groups: ['core.oam.dev'],
      kinds: ['Application'],
      steps: [
        words('status.status', {
          // The workflow's end was a phase of its own once, and so was a roll-out.
          Healthy: ['running', 'workflowFinished'],
          Progressing: [
            'starting',
            'rendering',
            'generatingPolicy',
            'runningWorkflow',
            'rollingOut',
            'deleting',
          ],
          Suspended: ['workflowSuspending'],
          Degraded: ['unhealthy', 'workflowFailed', 'workflowTerminated'],
        }),
        waiting(),
      ],
    },
  ],
};
