import { containerLogsOf } from './container-logs.ts';

/**
 * How the Pods of our clusters live, played by kwok. A Pod, usually through the template of its
 * Deployment or Job, chooses its fate with the annotation `tiphys.dev/stage`:
 *
 * | value | what happens |
 * | --- | --- |
 * | (none) | Running and Ready at once; with restartPolicy Never or OnFailure it then succeeds |
 * | `fail` | phase Failed, exit code 1 |
 * | `hang` | Running, never Ready, never finished; Failed after its `activeDeadlineSeconds` |
 * | `crash-loop` | its containers wait with reason CrashLoopBackOff, restarted five times |
 * | `image-missing` | Pending, its containers wait with reason ImagePullBackOff |
 * | `ready-after-3s` | Running at once, Ready after that time |
 * | `complete-after-3s` | Running and Ready, Succeeded after that time |
 */
export const STAGE_ANNOTATION = 'tiphys.dev/stage';

const CHOICE = `.metadata.annotations["${STAGE_ANNOTATION}"] // ""`;

interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

const alive: Requirement = { key: '.metadata.deletionTimestamp', operator: 'DoesNotExist' };
const inPhase = (phase: string): Requirement => is('.status.phase', phase);
const is = (key: string, ...values: string[]): Requirement => ({ key, operator: 'In', values });
const isNot = (key: string, ...values: string[]): Requirement => ({
  key,
  operator: 'NotIn',
  values,
});
const READY = '.status.conditions.[] | select( .type == "Ready" ) | .status';
const chosenDelay = (prefix: string) => ({
  durationMilliseconds: 1000,
  durationFrom: { expressionFrom: `${CHOICE} | ltrimstr("${prefix}")` },
});
const chosePrefix = (prefix: string): Requirement =>
  is(`${CHOICE} | if startswith("${prefix}") then "yes" else "no" end`, 'yes');

function stage(
  kind: string,
  name: string,
  matchExpressions: readonly Requirement[],
  next: object,
  delay?: object,
): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: {
      resourceRef: { apiGroup: 'v1', kind },
      selector: { matchExpressions },
      ...(delay === undefined ? {} : { delay }),
      next,
    },
  };
}

/** Conditions of a Pod that has started, with its addresses: a Pod gets those only once. */
function started(phase: string, ready: boolean): string {
  const status = ready ? 'True' : 'False';
  return `
{{ $now := Now }}
phase: ${phase}
startTime: {{ or .status.startTime $now | Quote }}
conditions:
{{ range $type := list "Initialized" "PodScheduled" }}
- { type: {{ $type }}, status: "True", lastTransitionTime: {{ $now | Quote }} }
{{ end }}
{{ range $type := list "ContainersReady" "Ready" }}
- { type: {{ $type }}, status: "${status}", lastTransitionTime: {{ $now | Quote }} }
{{ end }}
{{ range .spec.readinessGates }}
- { type: {{ .conditionType | Quote }}, status: "${status}", lastTransitionTime: {{ $now | Quote }} }
{{ end }}
{{ if not .status.podIP }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ index . 0 | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ with PodIPsWith .spec.nodeName (or .spec.hostNetwork false) (or .metadata.uid "") (or .metadata.name "") (or .metadata.namespace "") }}
podIP: {{ index . 0 | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ end }}
`;
}

/** The status list of the main containers, all in one state. */
function containers(ready: boolean, state: string, restartCount = 0): string {
  return `
{{ with .spec.initContainers }}
initContainerStatuses:
{{ range . }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: true
  restartCount: 0
  {{ if eq (or .restartPolicy "") "Always" }}
  state: { running: { startedAt: {{ $now | Quote }} } }
  {{ else }}
  state: { terminated: { exitCode: 0, reason: Completed, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} } }
  {{ end }}
{{ end }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
  ready: ${ready}
  started: ${ready}
  restartCount: ${restartCount}
  state: ${state}
{{ end }}
`;
}

const RUNNING = '{ running: { startedAt: {{ $now | Quote }} } }';
const terminated = (exitCode: number, reason: string) =>
  `{ terminated: { exitCode: ${exitCode}, reason: ${reason}, startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }} } }`;
const waiting = (reason: string, message: string) =>
  `{ waiting: { reason: ${reason}, message: "${message}" } }`;

const status = (...parts: string[]) => ({ statusTemplate: parts.join('') });

function podStages(): readonly object[] {
  const pending = [alive, inPhase('Pending')];
  return [
    stage(
      'Pod',
      'pod-ready',
      [
        ...pending,
        isNot(CHOICE, 'fail', 'hang', 'crash-loop', 'image-missing'),
        is(`${CHOICE} | if startswith("ready-after-") then "yes" else "no" end`, 'no'),
      ],
      status(started('Running', true), containers(true, RUNNING)),
    ),
    stage(
      'Pod',
      'pod-succeeded',
      [
        alive,
        inPhase('Running'),
        is(READY, 'True'),
        is('.spec.restartPolicy', 'Never', 'OnFailure'),
        is(`${CHOICE} | if . == "" then "yes" else "no" end`, 'yes'),
      ],
      status(started('Succeeded', false), containers(false, terminated(0, 'Completed'))),
    ),
    stage(
      'Pod',
      'pod-complete-after',
      [alive, inPhase('Running'), chosePrefix('complete-after-')],
      status(started('Succeeded', false), containers(false, terminated(0, 'Completed'))),
      chosenDelay('complete-after-'),
    ),
    stage(
      'Pod',
      'pod-fail',
      [...pending, is(CHOICE, 'fail')],
      status(started('Failed', false), containers(false, terminated(1, 'Error'))),
    ),
    stage(
      'Pod',
      'pod-unready',
      [
        ...pending,
        is(
          `${CHOICE} | if . == "hang" or startswith("ready-after-") then "yes" else "no" end`,
          'yes',
        ),
      ],
      status(started('Running', false), containers(false, RUNNING)),
    ),
    stage(
      'Pod',
      'pod-ready-after',
      [alive, inPhase('Running'), isNot(READY, 'True'), chosePrefix('ready-after-')],
      status(started('Running', true), containers(true, RUNNING)),
      chosenDelay('ready-after-'),
    ),
    stage(
      'Pod',
      'pod-crash-loop',
      [...pending, is(CHOICE, 'crash-loop')],
      status(
        started('Running', false),
        containers(false, waiting('CrashLoopBackOff', 'back-off restarting failed container'), 5),
      ),
    ),
    stage(
      'Pod',
      'pod-image-missing',
      [
        ...pending,
        is(CHOICE, 'image-missing'),
        { key: '.status.containerStatuses', operator: 'DoesNotExist' },
      ],
      status(
        started('Pending', false),
        containers(false, waiting('ImagePullBackOff', 'Back-off pulling image')),
      ),
    ),
    stage(
      'Pod',
      'pod-over-its-deadline',
      [
        alive,
        inPhase('Running'),
        { key: '.spec.activeDeadlineSeconds', operator: 'Exists' },
        is(`${CHOICE} | if . == "hang" then "yes" else "no" end`, 'yes'),
      ],
      status(
        started('Failed', false),
        'reason: DeadlineExceeded\nmessage: Pod was active on the node longer than the specified deadline\n',
        containers(false, terminated(137, 'Error')),
      ),
      {
        durationMilliseconds: 1000,
        durationFrom: { expressionFrom: '(.spec.activeDeadlineSeconds | tostring) + "s"' },
      },
    ),
    stage('Pod', 'pod-deleted', [{ key: '.metadata.deletionTimestamp', operator: 'Exists' }], {
      delete: true,
    }),
  ];
}

/** A node that says it is ready, once. Nothing in our clusters waits for its heartbeat. */
function nodeStage(kubeletPort: number): object {
  return stage(
    'Node',
    'node-ready',
    [isNot(READY, 'True')],
    status(`
{{ $now := Now }}
phase: Running
conditions:
{{ range NodeConditions }}
- type: {{ .type | Quote }}
  status: {{ .status | Quote }}
  reason: {{ .reason | Quote }}
  message: {{ .message | Quote }}
  lastHeartbeatTime: {{ $now | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
addresses:
- { type: InternalIP, address: 127.0.0.1 }
- { type: Hostname, address: {{ .metadata.name | Quote }} }
daemonEndpoints: { kubeletEndpoint: { Port: ${kubeletPort} } }
allocatable: { cpu: "10000", memory: 100Ti, pods: "1000000", ephemeral-storage: 100Ti }
capacity: { cpu: "10000", memory: 100Ti, pods: "1000000", ephemeral-storage: 100Ti }
`),
  );
}

/** Commands in a Pod run on this machine, as the user who runs the tests. */
function commandsInPods(): object {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'ClusterExec',
    metadata: { name: 'commands' },
    spec: { execs: [{ local: {} }] },
  };
}

/** A cloud that gives every Service of type LoadBalancer an address. */
function loadBalancerStage(): object {
  return stage(
    'Service',
    'service-load-balancer',
    [
      alive,
      is('.spec.type', 'LoadBalancer'),
      { key: '.status.loadBalancer.ingress', operator: 'DoesNotExist' },
    ],
    status('loadBalancer: { ingress: [{ ip: 127.0.0.1 }] }'),
  );
}

/** The text for `kwok --config`: one document per stage, each JSON, which is YAML too. */
export function kwokConfigText({
  dataDir,
  kubeletPort,
}: {
  readonly dataDir: string;
  readonly kubeletPort: number;
}): string {
  return [
    ...podStages(),
    nodeStage(kubeletPort),
    loadBalancerStage(),
    containerLogsOf(dataDir),
    commandsInPods(),
  ]
    .map((document) => JSON.stringify(document))
    .join('\n---\n');
}
