import {
  condition,
  observed,
  ready,
  suspended,
  waiting,
  words,
  type Project,
} from '../table-row.ts';

export const spark: Project = {
  name: 'Spark operator',
  docs: 'https://www.kubeflow.org/docs/components/spark-operator/user-guide/working-with-sparkapplication/',
  rows: [
    {
      groups: ['sparkoperator.k8s.io'],
      kinds: ['SparkApplication'],
      steps: [
        words(
          'status.applicationState.state',
          {
            Healthy: ['COMPLETED', 'RUNNING'],
            Progressing: [
              'SUBMITTED',
              'PENDING_RERUN',
              'PENDING_SUBMISSION',
              'INVALIDATING',
              'SUCCEEDING',
              'SUSPENDING',
              'RESUMING',
            ],
            Degraded: ['FAILED', 'SUBMISSION_FAILED', 'FAILING'],
            Suspended: ['SUSPENDED'],
            Unknown: ['UNKNOWN'],
          },
          ['status.applicationState.errorMessage'],
        ),
        waiting('the application to be submitted'),
      ],
    },
    {
      groups: ['sparkoperator.k8s.io'],
      kinds: ['ScheduledSparkApplication'],
      steps: [
        suspended(),
        words(
          'status.scheduleState',
          {
            Healthy: ['Scheduled'],
            Progressing: ['Validating', 'New'],
            Degraded: ['FailedValidation'],
          },
          ['status.reason'],
        ),
        waiting(),
      ],
    },
    {
      groups: ['sparkoperator.k8s.io'],
      kinds: ['SparkConnect'],
      steps: [
        words('status.state', {
          Healthy: ['Ready', 'Completed'],
          Progressing: ['Provisioning', 'NotReady'],
          Degraded: ['Failed'],
        }),
        waiting(),
      ],
    },
  ],
};

export const flink: Project = {
  name: 'Flink',
  docs: 'https://nightlies.apache.org/flink/flink-kubernetes-operator-docs-main/docs/custom-resource/reference/',
  rows: [
    {
      groups: ['flink.apache.org'],
      kinds: ['FlinkDeployment', 'FlinkSessionJob', 'FlinkBlueGreenDeployment'],
      steps: [
        words('status.lifecycleState', { Degraded: ['FAILED'] }, ['status.error']),
        observed(),
        words(
          'status.lifecycleState',
          {
            Healthy: ['STABLE'],
            Progressing: ['CREATED', 'UPGRADING', 'DEPLOYED', 'ROLLING_BACK', 'DELETING'],
            Degraded: ['ROLLED_BACK'],
            Suspended: ['SUSPENDED'],
          },
          ['status.error'],
        ),
        words(
          'status.jobStatus.state',
          {
            Healthy: ['RUNNING', 'FINISHED'],
            Progressing: ['CREATED', 'INITIALIZING', 'RECONCILING', 'RESTARTING', 'CANCELLING'],
            Degraded: ['FAILED', 'FAILING'],
            Suspended: ['SUSPENDED', 'CANCELED'],
          },
          ['status.error'],
        ),
        waiting(),
      ],
    },
  ],
};

export const ray: Project = {
  name: 'KubeRay',
  docs: 'https://ray-project.github.io/kuberay/reference/api/',
  rows: [
    {
      groups: ['ray.io'],
      kinds: ['RayCluster'],
      steps: [
        suspended(),
        observed(),
        condition('ReplicaFailure', 'True', 'Degraded'),
        words('status.state', {
          Healthy: ['ready'],
          Degraded: ['failed', 'unhealthy'],
          Suspended: ['suspended'],
        }),
        condition('RayClusterProvisioned', 'True', 'Healthy'),
        waiting('the Pods of the cluster'),
      ],
    },
    {
      groups: ['ray.io'],
      kinds: ['RayService'],
      steps: [
        observed(),
        condition('UpgradeInProgress', 'True', 'Progressing'),
        ...ready('Ready', 'Progressing'),
        words('status.serviceStatus', {
          Healthy: ['Running'],
          Degraded: ['FailedTo*'],
        }),
        waiting('the applications to be served'),
      ],
    },
    {
      groups: ['ray.io'],
      kinds: ['RayJob'],
      steps: [
        // The status is that of the attempt before.
        words('status.jobDeploymentStatus', { Progressing: ['Retrying'] }),
        words('status.jobStatus', { Degraded: ['FAILED', 'STOPPED'] }),
        words('status.jobDeploymentStatus', {
          Healthy: ['Complete', 'Scheduled'],
          Progressing: ['Initializing', 'Running', 'Waiting', 'Suspending', 'Scheduling'],
          Degraded: ['Failed', 'ValidationFailed'],
          Suspended: ['Suspended'],
        }),
        suspended(),
        waiting('the job'),
      ],
    },
  ],
};

export const kserve: Project = {
  name: 'KServe',
  docs: 'https://kserve.github.io/website/docs/reference/crd-api',
  rows: [
    {
      groups: ['serving.kserve.io'],
      kinds: ['InferenceService', 'InferenceGraph', 'TrainedModel', 'LLMInferenceService'],
      hasForeignGeneration: true,
      steps: [
        condition('Stopped', 'True', 'Suspended'),
        words(
          'status.modelStatus.transitionStatus',
          { Degraded: ['InvalidSpec', 'BlockedByFailedLoad'], Progressing: ['InProgress'] },
          ['status.modelStatus.lastFailureInfo.message'],
        ),
        condition('Ready', 'True', 'Healthy'),
        // Pods that start.
        condition('Ready', 'False', 'Progressing', { reasons: ['MinimumReplicasUnavailable'] }),
        condition('Ready', 'False', 'Degraded'),
        condition('Ready', 'Unknown', 'Progressing'),
        waiting(),
      ],
    },
    {
      groups: ['serving.kserve.io'],
      kinds: ['ServingRuntime', 'ClusterServingRuntime', 'ClusterStorageContainer'],
      steps: [],
    },
  ],
};

export const kubeflow: Project = {
  name: 'Kubeflow',
  docs: 'https://www.kubeflow.org/docs/components/trainer/',
  rows: [
    {
      groups: ['kubeflow.org'],
      kinds: ['JAXJob', 'MPIJob', 'PaddleJob', 'PyTorchJob', 'TFJob', 'XGBoostJob'],
      steps: [
        condition('Failed', 'True', 'Degraded'),
        condition('Succeeded', 'True', 'Healthy'),
        condition('Suspended', 'True', 'Suspended'),
        waiting('the job to complete'),
      ],
    },
    {
      groups: ['trainer.kubeflow.org'],
      kinds: ['TrainJob'],
      steps: [
        condition('Failed', 'True', 'Degraded'),
        condition('Complete', 'True', 'Healthy'),
        condition('Suspended', 'True', 'Suspended'),
        waiting('the job to complete'),
      ],
    },
    {
      groups: ['kubeflow.org'],
      kinds: ['Experiment', 'Trial'],
      steps: [
        condition('Failed', 'True', 'Degraded'),
        condition('Killed', 'True', 'Degraded'),
        condition('MetricsUnavailable', 'True', 'Degraded'),
        condition('Succeeded', 'True', 'Healthy'),
        condition('EarlyStopped', 'True', 'Healthy'),
        waiting('the trials to end'),
      ],
    },
  ],
};

export const volcano: Project = {
  name: 'Volcano',
  docs: 'https://volcano.sh/en/docs/vcjob/',
  rows: [
    {
      groups: ['batch.volcano.sh'],
      kinds: ['Job'],
      steps: [
        words(
          'status.state.phase',
          {
            Healthy: ['Completed'],
            Progressing: [
              'Pending',
              'Running',
              'Restarting',
              'Completing',
              'Aborting',
              'Terminating',
            ],
            Degraded: ['Failed', 'Terminated'],
            // It can be resumed.
            Suspended: ['Aborted'],
          },
          ['status.state.message'],
        ),
        waiting('the job to be scheduled'),
      ],
    },
    {
      groups: ['scheduling.volcano.sh'],
      kinds: ['Queue'],
      steps: [
        words('status.state', {
          Healthy: ['Open'],
          Progressing: ['Closing'],
          Suspended: ['Closed'],
          Unknown: ['Unknown'],
        }),
        waiting(),
      ],
    },
    {
      groups: ['scheduling.volcano.sh'],
      kinds: ['PodGroup'],
      steps: [
        words('status.phase', {
          Healthy: ['Running', 'Completed'],
          Progressing: ['Pending', 'Inqueue'],
          // Part of its Pods run, for the others there is no room.
          Degraded: ['Unknown'],
        }),
        waiting(),
      ],
    },
  ],
};
