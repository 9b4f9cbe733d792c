import type { Requester } from '../../core/access/requester.ts';
import { TiphysError, toTiphysError } from '../../core/errors.ts';
import type { TreeNode } from '../../core/tree/resource-tree.ts';
import type { LogOptions } from '../../ports/kube-client.ts';
import { type ApplicationName, findApplication } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { findDeployed, type FoundDeployed } from '../resources/find-resource.ts';
import { readSetting } from '../setting.ts';
import { type LogLine, logLines, matcherOf, sortable } from './log-lines.ts';
import { mergeByTime } from './merge-by-time.ts';
import { type PodChoice, podsOf } from './pods-of.ts';

export interface LogRequest extends PodChoice, LogOptions {
  readonly app: ApplicationName;
  /** RFC 3339; later lines are left out, and a log that is followed ends. */
  readonly untilTime: string;
  /** Only lines that hold it; with `!` in front those that do not. */
  readonly filter: string;
  readonly matchCase: boolean;
}

/** A line of a Pod, as it is sent. */
export interface LogEntry {
  readonly content: string;
  readonly podName: string;
  /** RFC 3339, as the container runtime wrote it. */
  readonly time: string;
  /** The end of the stream, which says nothing. */
  readonly last: boolean;
}

const DEFAULT_MAX_PODS = 10;
/** How long the lines of one Pod wait for earlier ones of another that is being followed. */
const PATIENCE_MS = 100;
/** A log that is followed is only for who may still see it. */
const RECHECK_MS = 5_000;

/**
 * The logs of Pods of an Application, merged by time, with an empty last entry. A Pod whose log cannot be
 * opened has one entry that says why. Needs `applications, get` and `logs, get`, which are checked before
 * this resolves, and the number of Pods with them.
 *
 * The rights are asked for again every five seconds in which there are lines.
 *
 * Errors: as `findDeployed`; `PermissionDenied`; `InvalidRequest` for too many Pods.
 * Cancellation: the signal ends every log that is read.
 */
export async function readLogs(
  controlPlane: ControlPlane,
  requester: Requester,
  request: LogRequest,
  signal: AbortSignal,
): Promise<AsyncIterable<LogEntry>> {
  const options = { action: 'get' };
  const found = await findDeployed(controlPlane, requester, request.app, options, signal);
  const { access, clock, config } = controlPlane.ports;
  enforce(requester, { resource: 'logs', action: 'get', object: found.object }, access);
  const pods = podsOf(found.deployed.tree.nodes ?? [], request);
  const max = Number(readSetting(config, 'server.maxPodLogsToRender')) || DEFAULT_MAX_PODS;
  if (pods.length > max)
    throw new TiphysError(
      'InvalidRequest',
      'max pods to view logs are reached. Please provide more granular query',
      { hint: `There are ${pods.length} Pods, and ${max} are shown at once.` },
    );
  const now = (): string => new Date(clock.now()).toISOString();
  const streams = pods.map((pod) => entriesOf(pod, found, request, now, signal));
  return entries();

  async function* entries(): AsyncGenerator<LogEntry> {
    if (pods.length === 0) return;
    let checkedMs = clock.monotonic();
    const merged = mergeByTime(streams, { clock, patienceMs: PATIENCE_MS }, signal);
    for await (const { entry } of merged) {
      if (clock.monotonic() - checkedMs >= RECHECK_MS) {
        const still = await findApplication(controlPlane, requester, request.app, options, signal);
        enforce(requester, { resource: 'logs', action: 'get', object: still.object }, access);
        checkedMs = clock.monotonic();
      }
      yield entry;
    }
    yield { content: '', podName: '', time: now(), last: true };
  }
}

async function* entriesOf(
  pod: TreeNode,
  { deployed }: FoundDeployed,
  request: LogRequest,
  now: () => string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly time: string; readonly entry: LogEntry }> {
  const { cluster } = deployed;
  const resource = cluster.live.catalogue.find({ group: '', version: 'v1', kind: 'Pod' });
  if (resource === undefined) return;
  const address = { resource, namespace: pod.namespace ?? '', name: pod.name };
  const isWanted = matcherOf(request.filter, request.matchCase);
  const until = sortable(request.untilTime);
  const entryOf = ({ time, text }: LogLine) => ({
    time: sortable(time),
    entry: { content: text, podName: pod.name, time, last: false },
  });
  try {
    for await (const line of logLines(cluster.client.logs(address, request, signal))) {
      if (until !== '' && sortable(line.time) > until) return;
      if (isWanted(line.text)) yield entryOf(line);
    }
  } catch (error) {
    signal.throwIfAborted();
    yield entryOf({ time: now(), text: toTiphysError(error).message });
  }
}
