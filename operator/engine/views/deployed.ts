import { instanceName } from '../../core/app/names.ts';
import type { Application, Project, ResourceStatus } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import {
  type GroupKind,
  idOf,
  keyOf,
  type KubeObject,
  resourceKey,
  type ResourceKey,
} from '../../core/objects/kube-object.ts';
import { permitsResource } from '../../core/project/permits.ts';
import { hostsOf } from '../../core/tree/hosts.ts';
import { requestsOf, type Requests } from '../../core/tree/pod-requests.ts';
import {
  type BuiltTree,
  buildTree,
  refOf,
  type ResourceTree,
  type TreeRoot,
} from '../../core/tree/resource-tree.ts';
import type { Cluster } from '../../ports/clusters.ts';
import type { LiveState } from '../../ports/live-state.ts';
import { findDestination } from '../admit.ts';
import type { HealthJudge } from '../health-judge.ts';
import { DESCENDANT_KINDS } from '../live-tree.ts';
import type { EnginePorts, EngineSettings } from '../ports.ts';
import { orphansOf } from '../watch-orphans.ts';
import { childrenIn } from './children-in.ts';

/** What an Application has in its cluster now. */
export interface Deployed {
  readonly app: Application;
  readonly project: Project;
  readonly cluster: Cluster;
  readonly tree: ResourceTree;
  /**
   * The live objects of the tree that are the Application's beyond doubt, by key: they carry its mark, or are owned
   * by such, or are orphans. What only the status names is shown in the tree, and that is all: people can
   * write a status.
   */
  readonly objects: ReadonlyMap<ResourceKey, KubeObject>;
}

export interface DeployedDeps {
  readonly ports: Pick<EnginePorts, 'apps' | 'clusters'>;
  readonly settings: EngineSettings;
  readonly health: HealthJudge;
  /** Labels that are shown in a tree, as of now. */
  readonly customLabels: () => readonly string[];
  /** Of a Pod; remembers, for every tree asks it of all Pods. */
  readonly requestsOf: (pod: KubeObject) => Requests;
}

/** Remembers what Pods ask for as long as they live. */
export function rememberRequests(): (pod: KubeObject) => Requests {
  const known = new WeakMap<KubeObject, Requests>();
  return (pod) => {
    const found = known.get(pod) ?? requestsOf(pod);
    known.set(pod, found);
    return found;
  };
}

/** Kinds that come in numbers and have no health: their metadata is all a tree tells. */
const LIGHT: ReadonlySet<string> = new Set([
  '/Endpoints',
  '/Event',
  'apps/ControllerRevision',
  'coordination.k8s.io/Lease',
  'discovery.k8s.io/EndpointSlice',
  'events.k8s.io/Event',
]);

const NODE: GroupKind = { group: '', kind: 'Node' };
const POD: GroupKind = { group: '', kind: 'Pod' };

/**
 * The objects of an Application and all that they own, as the watches tell of them: those that its status
 * lists, and those that carry its mark. What its project forbids is not part of it, whatever the status
 * says. Kinds that people look at are held in full from then on.
 *
 * Errors: `DestinationUnknown`, and what keeps the cluster from being reached.
 */
export async function findDeployed(
  app: Application,
  project: Project,
  deps: DeployedDeps,
  signal: AbortSignal,
): Promise<Deployed> {
  const cluster = await connectDestination(app, deps.ports, signal);
  const roots = rootsOf(app, cluster, deps.settings);
  await deepen([...kindsOf(roots), ...DESCENDANT_KINDS], cluster.live, signal);
  const first = grow(app, project, cluster, deps, { judged: false });
  const further = first.objects
    .map(idOf)
    .filter(({ group, kind }) => !LIGHT.has(`${group}/${kind}`));
  await deepen([...further, ...(first.objects.some(isPod) ? [NODE] : [])], cluster.live, signal);
  await deps.health.prepare(first.objects, signal);
  const built = grow(app, project, cluster, deps, { judged: true });
  const hosts = hostsOf({
    pods: built.objects.filter(isPod),
    everyPod: [...cluster.live.ofKind(POD)],
    findNode: (name) => cluster.live.get(resourceKey({ ...NODE, namespace: '', name })),
    customLabels: deps.customLabels(),
    requestsOf: deps.requestsOf,
  });
  return {
    ...{ app, project, cluster },
    tree: {
      ...(built.nodes.length > 0 && { nodes: built.nodes }),
      ...(built.orphanedNodes.length > 0 && { orphanedNodes: built.orphanedNodes }),
      ...(hosts.length > 0 && { hosts }),
    },
    objects: new Map(
      built.objects.filter(isOurs(app, cluster, deps)).map((object) => [keyOf(object), object]),
    ),
  };
}

/** Holds kinds in full; one that may not be listed is shown by what is held of it, without health. */
export async function deepen(
  kinds: readonly GroupKind[],
  live: Pick<LiveState, 'depthOf' | 'ensure'>,
  signal: AbortSignal,
): Promise<void> {
  const wanted = new Map(kinds.map((kind) => [`${kind.group}/${kind.kind}`, kind]));
  const shallow = [...wanted.values()].filter((kind) => live.depthOf(kind) === 'metadata');
  await Promise.all(
    shallow.map((kind) =>
      live.ensure([kind], signal).catch(() => {
        signal.throwIfAborted();
      }),
    ),
  );
}

/** The cluster that an Application deploys to. Errors: `DestinationUnknown`, and what keeps it from being reached. */
export async function connectDestination(
  app: Application,
  { clusters }: Pick<EnginePorts, 'clusters'>,
  signal: AbortSignal,
): Promise<Cluster> {
  const destination = findDestination(app, clusters.entries);
  if (destination.type === 'unknown')
    throw new TiphysError('DestinationUnknown', destination.message);
  return await clusters.connect(destination.entry.server, signal);
}

function grow(
  app: Application,
  project: Project,
  cluster: Cluster,
  { ports, settings, health, customLabels }: DeployedDeps,
  { judged }: { readonly judged: boolean },
): BuiltTree {
  const roots = rootsOf(app, cluster, settings);
  const own = new Set(roots.map(({ ref }) => keyOfRoot(ref)));
  const { live } = cluster;
  return buildTree({
    roots: roots.filter(({ ref, live: object }) => object !== undefined || isPermitted(ref)),
    orphans: orphansOf({ app, project, cluster }, own, ports, settings),
    childrenOf: (object) => childrenIn(live, object),
    isPermitted: (object) => isPermitted(idOf(object)),
    healthOf: (object) => {
      const { group, kind } = idOf(object);
      if (!judged || live.depthOf({ group, kind }) !== 'full') return undefined;
      const found = health.of(object);
      if (found === undefined) return undefined;
      const { status, message = '' } = found;
      return { status, ...(message !== '' && { message }) };
    },
    customLabels: customLabels(),
  });

  function isPermitted({ group = '', kind, namespace = '', name }: TreeRoot['ref']): boolean {
    const namespaced = live.catalogue.findKind({ group, kind })?.namespaced ?? namespace !== '';
    const resource = { group, kind, namespace, name, namespaced };
    return permitsResource(project, resource, cluster).type === 'permitted';
  }
}

function rootsOf(
  app: Application,
  { live }: Cluster,
  settings: EngineSettings,
): readonly TreeRoot[] {
  const roots = new Map<ResourceKey, TreeRoot>();
  for (const entry of app.status.resources ?? []) {
    const { group = '', version = '', kind = '', namespace = '', name = '' } = entry;
    const key = resourceKey({ group, kind, namespace, name });
    const object = live.get(key);
    if (object === undefined && !isWanted(entry)) continue;
    const ref = {
      ...(group !== '' && { group }),
      ...(version !== '' && { version }),
      ...{ kind, name },
      ...(namespace !== '' && { namespace }),
    };
    roots.set(key, { ref, live: object });
  }
  for (const object of live.tracked(instanceName(app.metadata, settings.namespace)))
    roots.set(keyOf(object), { ref: refOf(object), live: object });
  return [...roots.values()];
}

/** Whether an object of the tree hangs from one that carries the mark, or from none that the status names. */
function isOurs(
  app: Application,
  cluster: Cluster,
  { settings }: DeployedDeps,
): (object: KubeObject) => boolean {
  const { live } = cluster;
  const marked = live.tracked(instanceName(app.metadata, settings.namespace));
  const ours = withChildren(marked, live);
  const claimed = rootsOf(app, cluster, settings).flatMap(({ live: object }) => object ?? []);
  const theirs = withChildren(
    claimed.filter((object) => !ours.has(keyOf(object))),
    live,
  );
  return (object) => ours.has(keyOf(object)) || !theirs.has(keyOf(object));
}

function withChildren(objects: readonly KubeObject[], live: LiveState): ReadonlySet<ResourceKey> {
  const keys = new Set<ResourceKey>();
  const queue = [...objects];
  for (const object of queue) {
    if (keys.has(keyOf(object))) continue;
    keys.add(keyOf(object));
    queue.push(...childrenIn(live, object));
  }
  return keys;
}

/** A hook that is not there has done its part, and what was pruned is gone. */
const isWanted = ({ hook, requiresPruning }: ResourceStatus): boolean =>
  hook !== true && requiresPruning !== true;

function kindsOf(roots: readonly TreeRoot[]): readonly GroupKind[] {
  const kinds = roots.map(({ ref: { group = '', kind } }) => ({ group, kind }));
  return [...new Map(kinds.map((kind) => [`${kind.group}/${kind.kind}`, kind])).values()];
}

const keyOfRoot = ({ group = '', kind, namespace = '', name }: TreeRoot['ref']): ResourceKey =>
  resourceKey({ group, kind, namespace, name });

const isPod = ({ apiVersion, kind }: KubeObject): boolean => kind === 'Pod' && apiVersion === 'v1';
