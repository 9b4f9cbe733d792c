import { groupOf, idOf, keyOf, versionOf, type KubeObject } from '../objects/kube-object.ts';
import type { Host } from './hosts.ts';
import { imagesOf } from './images.ts';
import { networkingOf, type Networking } from './networking.ts';
import { infoOf, type InfoItem } from './node-info.ts';

/** Names one object of a tree; empty parts are absent. */
export interface TreeRef {
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
}

export interface NodeHealth {
  readonly status: string;
  readonly message?: string;
}

/** One object as people see it in a tree: what it is, who owns it, and how it is. */
export interface TreeNode extends TreeRef {
  readonly parentRefs?: readonly TreeRef[];
  readonly info?: readonly InfoItem[];
  readonly networkingInfo?: Networking;
  readonly resourceVersion?: string;
  readonly images?: readonly string[];
  readonly health?: NodeHealth;
  readonly createdAt?: string;
}

/** What an Application deployed, and what that made in turn; empty lists are absent. */
export interface ResourceTree {
  readonly nodes?: readonly TreeNode[];
  readonly orphanedNodes?: readonly TreeNode[];
  readonly hosts?: readonly Host[];
}

/** An object that an Application has or should have. */
export interface TreeRoot {
  readonly ref: TreeRef;
  /** `undefined`: it is wanted and missing. */
  readonly live: KubeObject | undefined;
}

export interface TreeInput {
  readonly roots: readonly TreeRoot[];
  readonly orphans: readonly KubeObject[];
  /** Objects that name this one as their owner, or are known to be its own. */
  readonly childrenOf: (object: KubeObject) => readonly KubeObject[];
  /** What the project forbids is left out, with all that it owns. */
  readonly isPermitted: (object: KubeObject) => boolean;
  readonly healthOf: (object: KubeObject) => NodeHealth | undefined;
  /** Labels that are shown. */
  readonly customLabels: readonly string[];
}

/** The nodes of a tree, and the live objects behind them. */
export interface BuiltTree {
  readonly nodes: readonly TreeNode[];
  readonly orphanedNodes: readonly TreeNode[];
  /** Every live object of the tree once, orphans too. */
  readonly objects: readonly KubeObject[];
}

/**
 * Follows ownership down from the roots. Every object is one node, sorted by group, kind, namespace and
 * name; it has a parent for each owner that is in the tree. An owner counts within its own namespace, or
 * when it has none: nobody can put an object into the tree of a namespace that is not theirs.
 */
export function buildTree(input: TreeInput): BuiltTree {
  const own = grow(input.roots, input);
  const taken = new Set(own.objects.keys());
  const orphans = input.orphans
    .filter((object) => !taken.has(keyOf(object)))
    .map((live) => ({ ref: refOf(live), live }));
  const lost = grow(orphans, input);
  return {
    nodes: own.nodes,
    orphanedNodes: lost.nodes.filter((node) => !taken.has(keyOfRef(node))),
    objects: [...new Map([...lost.objects, ...own.objects]).values()],
  };
}

interface Growth {
  readonly nodes: readonly TreeNode[];
  /** By key. */
  readonly objects: ReadonlyMap<string, KubeObject>;
}

function grow(roots: readonly TreeRoot[], input: TreeInput): Growth {
  const objects = new Map<string, KubeObject>();
  const parents = new Map<string, Map<string, TreeRef>>();
  const missing = new Map<string, TreeNode>();
  const queue: KubeObject[] = [];
  const take = (object: KubeObject): void => {
    const key = keyOf(object);
    if (objects.has(key) || !input.isPermitted(object)) return;
    objects.set(key, object);
    queue.push(object);
  };
  for (const { ref, live } of roots) {
    if (live !== undefined) take(live);
    else missing.set(keyOfRef(ref), { ...ref, health: { status: 'Missing' } });
  }
  for (const parent of queue)
    for (const child of input.childrenOf(parent)) {
      if (!mayOwn(parent, child)) continue;
      take(child);
      const key = keyOf(child);
      const owners = parents.get(key) ?? new Map<string, TreeRef>();
      parents.set(key, owners.set(keyOf(parent), refOf(parent)));
    }
  const nodes = [...objects].map(([key, object]) =>
    nodeOf(object, [...(parents.get(key)?.values() ?? [])], input),
  );
  const absent = [...missing].flatMap(([key, node]) => (objects.has(key) ? [] : [node]));
  return { nodes: [...nodes, ...absent].toSorted(byName), objects };
}

function mayOwn(parent: KubeObject, child: KubeObject): boolean {
  const namespace = parent.metadata.namespace ?? '';
  return namespace === '' || namespace === (child.metadata.namespace ?? '');
}

function nodeOf(object: KubeObject, parents: readonly TreeRef[], input: TreeInput): TreeNode {
  const { resourceVersion, creationTimestamp } = object.metadata;
  const info = infoOf(object, input.customLabels);
  const networkingInfo = networkingOf(object);
  const images = imagesOf(object);
  const health = input.healthOf(object);
  return {
    ...refOf(object),
    ...(parents.length > 0 && { parentRefs: parents }),
    ...(info.length > 0 && { info }),
    ...(networkingInfo !== undefined && { networkingInfo }),
    ...(resourceVersion !== undefined && { resourceVersion }),
    ...(images.length > 0 && { images }),
    ...(health !== undefined && { health }),
    ...(typeof creationTimestamp === 'string' && { createdAt: creationTimestamp }),
  };
}

/** What names an object in a tree. */
export function refOf(object: KubeObject): TreeRef {
  const { namespace = '', uid = '' } = object.metadata;
  const group = groupOf(object.apiVersion);
  return {
    ...(group !== '' && { group }),
    version: versionOf(object.apiVersion),
    kind: object.kind,
    ...(namespace !== '' && { namespace }),
    name: idOf(object).name,
    ...(uid !== '' && { uid }),
  };
}

/** As `keyOf` makes it of the object. */
export function keyOfRef({ group = '', kind, namespace = '', name }: TreeRef): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

function byName(left: TreeNode, right: TreeNode): number {
  const [one, other] = [keyOfRef(left), keyOfRef(right)];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
