import { keyOf, type KubeObject, type ResourceKey } from '../core/objects/kube-object.ts';
import { compareResourceVersions } from '../core/objects/resource-version.ts';

/** What happened to one object of a collection. */
export interface CollectionChange {
  readonly type: 'applied' | 'deleted';
  readonly key: ResourceKey;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

/**
 * The objects of one kind as a watch tells of them, plus what writes returned before the watch did.
 *
 * Guarantees: an object never goes back to an older version of itself, except by a list, which is
 * always right about what it has not yet heard of; an object that was observed and is not yet in a
 * list stays until the watch has passed its version; one that was observed to be gone never comes back.
 */
export interface Collection {
  readonly size: number;
  get(key: ResourceKey): KubeObject | undefined;
  values(): Iterable<KubeObject>;
  /**
   * Takes in a complete list as of `resourceVersion`; with `namespace` a list of that namespace only.
   * Answers with the difference, in which objects of equal uid and version do not appear, unless
   * `renew` asks for all of them.
   */
  replace(list: CompleteList): readonly CollectionChange[];
  /** Takes in an object that a watch tells of. Undefined when it is not news. */
  apply(object: KubeObject): CollectionChange | undefined;
  /** Takes in a deletion that a watch tells of. */
  remove(object: KubeObject): CollectionChange | undefined;
  /** Takes in an object that a write returned. Undefined when the watch is further already. */
  observe(object: KubeObject): CollectionChange | undefined;
  /** Takes in that this object is gone, before the watch tells. Undefined when it is not held. */
  observeGone(key: ResourceKey, uid: string): CollectionChange | undefined;
  /** How far the list and the watch have come; of several, the last. Empty before the first list. */
  readonly resourceVersion: string;
  /** Notes how far the watch of a namespace (empty: of all) has come, by a bookmark. */
  passed(resourceVersion: string, namespace?: string): void;
}

export interface CompleteList {
  readonly objects: readonly KubeObject[];
  readonly resourceVersion: string;
  readonly namespace?: string;
  readonly renew?: boolean;
}

export function createCollection(): Collection {
  const objects = new Map<ResourceKey, KubeObject>();
  /** Keys that came by `observe` and that no list or watch has confirmed. */
  const unconfirmed = new Set<ResourceKey>();
  /** Objects that are known to be gone, until a list or the watch says so too. */
  const gone = new Map<ResourceKey, KubeObject>();
  /** How far each watch has come, by namespace; empty for a watch of all. */
  const positions = new Map<string, string>();

  function passed(resourceVersion: string, namespace = ''): void {
    const before = positions.get(namespace);
    if (before === undefined || !isOlder(resourceVersion, before)) {
      positions.set(namespace, resourceVersion);
    }
  }

  /** Told of late: it was deleted meanwhile, and its uid never comes again. */
  const isGone = (key: ResourceKey, { metadata }: KubeObject): boolean =>
    gone.size > 0 && gone.get(key)?.metadata.uid === metadata.uid;

  function put(key: ResourceKey, object: KubeObject): CollectionChange {
    const previous = objects.get(key);
    objects.set(key, object);
    return { type: 'applied', key, object, previous };
  }

  /** A watch of one namespace moves that position, a watch of all the one for all. */
  function advance(object: KubeObject): void {
    const namespace = object.metadata.namespace ?? '';
    passed(versionOf(object), positions.has(namespace) ? namespace : '');
  }

  return {
    get size() {
      return objects.size;
    },
    get resourceVersion() {
      return [...positions.values()].reduce(
        (last, one) => (last === '' || isOlder(last, one) ? one : last),
        '',
      );
    },
    get: (key) => objects.get(key),
    values: () => objects.values(),
    replace({ objects: listed, resourceVersion, namespace, renew = false }) {
      const changes: CollectionChange[] = [];
      const present = new Set<ResourceKey>();
      for (const object of listed) {
        const key = keyOf(object);
        present.add(key);
        if (isGone(key, object)) continue; // the list was made before
        const held = objects.get(key);
        // A write that was observed after the list was made: the watch will tell of it soon.
        if (
          held !== undefined &&
          unconfirmed.has(key) &&
          isOlder(versionOf(object), versionOf(held))
        ) {
          continue;
        }
        unconfirmed.delete(key);
        if (renew || held === undefined || !isSame(held, object)) changes.push(put(key, object));
      }
      for (const [key, object] of objects) {
        if (present.has(key)) continue;
        if (namespace !== undefined && object.metadata.namespace !== namespace) continue;
        if (unconfirmed.has(key) && isOlder(resourceVersion, versionOf(object))) continue;
        unconfirmed.delete(key);
        objects.delete(key);
        changes.push({ type: 'deleted', key, object, previous: object });
      }
      for (const [key, { metadata }] of gone)
        if (!present.has(key) && (namespace === undefined || metadata.namespace === namespace))
          gone.delete(key);
      // A list is the new truth, even if the numbers went back (a cluster restored from a backup).
      positions.set(namespace ?? '', resourceVersion);
      return changes;
    },
    apply(object) {
      advance(object);
      const key = keyOf(object);
      if (isGone(key, object)) return undefined;
      gone.delete(key); // its successor
      const held = objects.get(key);
      if (
        held !== undefined &&
        (isSame(held, object) || isOlder(versionOf(object), versionOf(held)))
      ) {
        if (isSame(held, object)) unconfirmed.delete(key);
        return undefined;
      }
      unconfirmed.delete(key);
      return put(key, object);
    },
    remove(object) {
      advance(object);
      const key = keyOf(object);
      if (isGone(key, object)) gone.delete(key);
      const held = objects.get(key);
      if (held === undefined) return undefined;
      // Deleted and created again: what is held is the newer one, which a write returned.
      const recreated =
        held.metadata.uid !== object.metadata.uid && isOlder(versionOf(object), versionOf(held));
      if (recreated) return undefined;
      unconfirmed.delete(key);
      objects.delete(key);
      return { type: 'deleted', key, object, previous: held };
    },
    observe(object) {
      const key = keyOf(object);
      if (isGone(key, object)) return undefined;
      const version = versionOf(object);
      const position = positions.get(object.metadata.namespace ?? '') ?? positions.get('');
      // The watch has told of all up to its position; what is not held by now was deleted.
      if (position !== undefined && !isOlder(position, version)) return undefined;
      const held = objects.get(key);
      if (held !== undefined && (isSame(held, object) || !isOlder(versionOf(held), version))) {
        return undefined;
      }
      unconfirmed.add(key);
      return put(key, object);
    },
    observeGone(key, uid) {
      const held = objects.get(key);
      if (held?.metadata.uid !== uid) return undefined;
      gone.set(key, held);
      unconfirmed.delete(key);
      objects.delete(key);
      return { type: 'deleted', key, object: held, previous: held };
    },
    passed,
  };
}

function versionOf(object: KubeObject): string {
  return object.metadata.resourceVersion ?? '';
}

function isSame(left: KubeObject, right: KubeObject): boolean {
  return versionOf(left) === versionOf(right) && left.metadata.uid === right.metadata.uid;
}

/** False also where the versions cannot be ordered: then what came last counts. */
function isOlder(version: string, than: string): boolean {
  const order = compareResourceVersions(version, than);
  return order !== undefined && order < 0;
}
