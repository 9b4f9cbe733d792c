import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { partOf, textOf } from './parts.ts';
import { milliOf, type Requests } from './pod-requests.ts';

/** Thousandths of the unit of the resource. */
export interface HostResource {
  readonly resourceName: string;
  readonly requestedByApp?: number;
  readonly requestedByNeighbors?: number;
  readonly capacity?: number;
}

/** A machine that runs Pods of an Application. */
export interface Host {
  readonly name: string;
  readonly resourcesInfo?: readonly HostResource[];
  readonly systemInfo: JsonObject;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface HostsInput {
  /** Of the Application. */
  readonly pods: readonly KubeObject[];
  /** All of the cluster, those of the Application too. */
  readonly everyPod: readonly KubeObject[];
  /** The Node of that name; `undefined`: not known, or not to be seen. */
  readonly findNode: (name: string) => KubeObject | undefined;
  readonly customLabels: readonly string[];
  /** `requestsOf`, or what remembers it. */
  readonly requestsOf: (pod: KubeObject) => Requests;
}

const ENDED = new Set(['Succeeded', 'Failed']);

/** The machines that an Application runs on, sorted by name, and how full they are by what Pods ask for. */
export function hostsOf(input: HostsInput): readonly Host[] {
  const { pods, everyPod, findNode, customLabels, requestsOf } = input;
  const own = new Set(pods.map(({ metadata }) => metadata.uid));
  const names = new Set(pods.map(hostName).filter((name) => name !== ''));
  if (names.size === 0) return [];
  const totals = new Map<string, { app: Requests; neighbours: Requests }>();
  for (const pod of everyPod) {
    const name = hostName(pod);
    if (!names.has(name) || ENDED.has(textOf(pod['status'], 'phase'))) continue;
    const sum = totals.get(name) ?? { app: NONE, neighbours: NONE };
    const requests = requestsOf(pod);
    if (own.has(pod.metadata.uid)) sum.app = plus(sum.app, requests);
    else sum.neighbours = plus(sum.neighbours, requests);
    totals.set(name, sum);
  }
  return [...names].toSorted().flatMap((name) => {
    const node = findNode(name);
    if (node === undefined) return [];
    const sum = totals.get(name) ?? { app: NONE, neighbours: NONE };
    const capacity = partOf(node['status'], 'capacity');
    const labels = customLabels.flatMap((label) => {
      const value = node.metadata.labels?.[label];
      return value === undefined ? [] : [[label, value] as const];
    });
    return {
      name,
      resourcesInfo: (['cpu', 'memory'] as const).map((resourceName) => ({
        resourceName,
        ...amount('requestedByApp', sum.app[resourceName]),
        ...amount('requestedByNeighbors', sum.neighbours[resourceName]),
        ...amount('capacity', milliOf(capacity[resourceName])),
      })),
      systemInfo: partOf(node['status'], 'nodeInfo'),
      ...(labels.length > 0 && { labels: Object.fromEntries(labels) }),
    };
  });
}

const NONE: Requests = { cpu: 0, memory: 0 };

const hostName = (pod: KubeObject): string => textOf(pod['spec'], 'nodeName');

const plus = (one: Requests, other: Requests): Requests => ({
  cpu: one.cpu + other.cpu,
  memory: one.memory + other.memory,
});

const amount = (name: string, value: number): Record<string, number> =>
  value === 0 ? {} : { [name]: value };
