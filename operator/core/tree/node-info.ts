import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { countOf, itemsOf, partOf, textOf } from './parts.ts';
import { requestsOf } from './pod-requests.ts';

export interface InfoItem {
  readonly name: string;
  readonly value: string;
}

/** What is worth knowing of an object besides its health: of Pods as `kubectl get` tells it, and labels that are asked for. */
export function infoOf(object: KubeObject, customLabels: readonly string[]): readonly InfoItem[] {
  const labels = object.metadata.labels ?? {};
  const shown = customLabels.flatMap((name) => {
    const value = Object.hasOwn(labels, name) ? labels[name] : undefined;
    return value === undefined ? [] : [{ name, value }];
  });
  return [...ofPod(object), ...ofRevision(object), ...shown];
}

const REVISION_ANNOTATIONS = ['deployment.kubernetes.io/revision', 'rollout.argoproj.io/revision'];

function ofRevision(object: KubeObject): readonly InfoItem[] {
  const annotations = object.metadata.annotations ?? {};
  const written = REVISION_ANNOTATIONS.map((name) => annotations[name]).find(
    (value) => value !== undefined,
  );
  const own = object.kind === 'ControllerRevision' ? object['revision'] : undefined;
  const revision = typeof own === 'number' ? String(own) : written;
  return revision === undefined ? [] : [{ name: 'Revision', value: `Rev:${revision}` }];
}

function ofPod(pod: KubeObject): readonly InfoItem[] {
  // Metadata alone tells nothing of a Pod.
  if (pod.kind !== 'Pod' || pod.apiVersion !== 'v1' || pod['spec'] === undefined) return [];
  const { reason, ready, total, restarts } = podState(pod);
  const node = textOf(pod['spec'], 'nodeName');
  const { cpu, memory } = requestsOf(pod);
  return [
    ...(reason === '' ? [] : [{ name: 'Status Reason', value: reason }]),
    ...(node === '' ? [] : [{ name: 'Node', value: node }]),
    { name: 'Containers', value: `${ready}/${total}` },
    ...(restarts === 0 ? [] : [{ name: 'Restart Count', value: String(restarts) }]),
    ...(cpu === 0 ? [] : [{ name: 'Requests (CPU)', value: String(cpu) }]),
    ...(memory === 0 ? [] : [{ name: 'Requests (MEM)', value: String(memory) }]),
  ];
}

interface PodState {
  readonly reason: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
}

/** The columns STATUS, READY and RESTARTS of `kubectl get pods`. */
function podState(pod: KubeObject): PodState {
  const { spec, status } = pod;
  const main = itemsOf(status, 'containerStatuses');
  const sidecars = new Set(
    itemsOf(spec, 'initContainers')
      .filter((container) => textOf(container, 'restartPolicy') === 'Always')
      .map((container) => textOf(container, 'name')),
  );
  const started = itemsOf(status, 'initContainerStatuses');
  const beside = started.filter((container) => sidecars.has(textOf(container, 'name')));
  const counted = [...main, ...beside];
  const blocking = blockingInit(started, sidecars, itemsOf(spec, 'initContainers').length);
  const phase = textOf(status, 'reason') || textOf(status, 'phase');
  const running = blocking === undefined ? (reasonOf(main) ?? phase) : blocking;
  const isReady = itemsOf(status, 'conditions').some(
    (condition) => textOf(condition, 'type') === 'Ready' && textOf(condition, 'status') === 'True',
  );
  const lives = main.some((container) => 'running' in partOf(container, 'state'));
  const settled = running === 'Completed' && lives ? (isReady ? 'Running' : 'NotReady') : running;
  return {
    reason: goneReason(pod) ?? settled,
    ready: counted.filter((container) => container['ready'] === true).length,
    total: itemsOf(spec, 'containers').length + sidecars.size,
    restarts: (blocking === undefined ? counted : started).reduce(
      (sum, container) => sum + countOf(container, 'restartCount'),
      0,
    ),
  };
}

function goneReason(pod: KubeObject): string | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined;
  return textOf(pod['status'], 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
}

/** The first init container that has not done its part, as `Init:…`. */
function blockingInit(
  statuses: readonly JsonObject[],
  sidecars: ReadonlySet<string>,
  total: number,
): string | undefined {
  for (const [index, container] of statuses.entries()) {
    const state = partOf(container, 'state');
    const ended = partOf(state, 'terminated');
    if ('terminated' in state && countOf(ended, 'exitCode') === 0) continue;
    if (sidecars.has(textOf(container, 'name')) && container['started'] === true) continue;
    if ('terminated' in state) return `Init:${endOf(ended)}`;
    const waits = textOf(partOf(state, 'waiting'), 'reason');
    if (waits !== '' && waits !== 'PodInitializing') return `Init:${waits}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

/** Of the containers that wait or have ended, the first one's reason. */
function reasonOf(statuses: readonly JsonObject[]): string | undefined {
  const reasons = statuses.flatMap((container) => {
    const state = partOf(container, 'state');
    const waits = textOf(partOf(state, 'waiting'), 'reason');
    if (waits !== '') return [waits];
    return 'terminated' in state ? [endOf(partOf(state, 'terminated'))] : [];
  });
  return reasons[0];
}

function endOf(terminated: JsonObject): string {
  const reason = textOf(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = countOf(terminated, 'signal');
  return signal === 0 ? `ExitCode:${countOf(terminated, 'exitCode')}` : `Signal:${signal}`;
}
