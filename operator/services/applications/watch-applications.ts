import type { Requester } from '../../core/access/requester.ts';
import { appKey, type AppKey } from '../../core/app/app-key.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { compareResourceVersions } from '../../core/objects/resource-version.ts';
import type { AppChange } from '../../ports/app-store.ts';
import type { ControlPlane } from '../control-plane.ts';
import { type ApplicationFilter, isWanted, maySee } from './list-applications.ts';

/** What happened to an Application, as it is now; of one that was deleted, as it was. */
export interface ApplicationEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly application: KubeObject;
}

export interface WatchFilter extends ApplicationFilter {
  /** Of a list that the client has; empty: it has none, and is told of all that there are. */
  readonly resourceVersion: string;
}

/**
 * Tells of Applications that somebody may see, from a list on: what changed since is told first, and nothing is
 * missed between that and what follows. With a `name` what there is is told of in any case.
 *
 * Guarantees: a client that reads slowly is told of the latest state of each Application, once, so that what waits
 * for it is never more than there are Applications; the last state is never left out.
 * Caveats: one that does not pass the filter any more is not told of, also not as deleted.
 * Cancellation: ends with `signal`.
 */
export async function* watchApplications(
  controlPlane: ControlPlane,
  requester: Requester,
  filter: WatchFilter,
  signal: AbortSignal,
): AsyncGenerator<ApplicationEvent, void, undefined> {
  const { apps } = controlPlane.ports;
  const wanted = withNamespace(filter, controlPlane.settings.namespace);
  const waiting = createWaiting();
  using _changes = apps.onChange((change) => waiting.take(eventOf(change)));
  const wake = (): void => waiting.wake();
  signal.addEventListener('abort', wake, { once: true });
  try {
    // Nothing is waited for since listening began: no change comes between.
    for (const event of eventsSince(controlPlane, wanted)) waiting.take(event);
    while (!signal.aborted) {
      const event = waiting.next();
      if (event === undefined) await waiting.more();
      else if (isNews(event, wanted) && isTheirs(event.application)) yield event;
    }
  } finally {
    signal.removeEventListener('abort', wake);
  }

  function isTheirs(app: KubeObject): boolean {
    return isWanted(app, wanted) && maySee(app, requester, controlPlane);
  }
}

function withNamespace(filter: WatchFilter, namespace: string): WatchFilter {
  const needsOne = (filter.name ?? '') !== '' && (filter.namespace ?? '') === '';
  return needsOne ? { ...filter, namespace } : filter;
}

function eventsSince(
  { ports: { apps } }: ControlPlane,
  { resourceVersion: since, name = '' }: WatchFilter,
): readonly ApplicationEvent[] {
  if (since === '' || name !== '')
    return apps.list().map((application) => ({ type: 'ADDED', application }));
  const isLater = ({ metadata }: KubeObject): boolean => {
    const order = compareResourceVersions(metadata.resourceVersion ?? '', since);
    return order === undefined || order > 0; // told once too often rather than not at all
  };
  const deleted = apps.deletedSince(since);
  return [
    ...deleted.map((application): ApplicationEvent => ({ type: 'DELETED', application })),
    ...apps
      .list()
      .filter(isLater)
      .map((application): ApplicationEvent => ({ type: 'MODIFIED', application })),
  ];
}

function eventOf({ type, object, previous }: AppChange): ApplicationEvent {
  if (type === 'deleted') return { type: 'DELETED', application: object };
  return { type: previous === undefined ? 'ADDED' : 'MODIFIED', application: object };
}

/** Older than the list that the client has: another server was ahead of this one. */
function isNews({ type, application }: ApplicationEvent, filter: WatchFilter): boolean {
  const { resourceVersion, name = '' } = filter;
  if (type !== 'MODIFIED' || resourceVersion === '' || name !== '') return true;
  const order = compareResourceVersions(
    application.metadata.resourceVersion ?? '',
    resourceVersion,
  );
  return order === undefined || order >= 0;
}

/** What one client is yet to be told: of each Application that it went, that it came, or both. */
interface Waiting {
  take(event: ApplicationEvent): void;
  next(): ApplicationEvent | undefined;
  /** Resolves when there is something, or after `wake`. */
  more(): Promise<void>;
  wake(): void;
}

function createWaiting(): Waiting {
  const byKey = new Map<AppKey, { gone?: ApplicationEvent; present?: ApplicationEvent }>();
  let wakeUp = Promise.withResolvers<void>();

  return {
    take(event) {
      const { namespace = '', name = '' } = event.application.metadata;
      const key = appKey(namespace, name);
      const known = byKey.get(key) ?? {};
      if (event.type === 'DELETED') byKey.set(key, { gone: event });
      else {
        // Still new to the client, who was not told of it yet.
        const type = known.present?.type === 'ADDED' ? 'ADDED' : event.type;
        byKey.set(key, { ...known, present: { ...event, type } });
      }
      wakeUp.resolve();
    },
    next() {
      for (const [key, { gone, present }] of byKey) {
        if (gone !== undefined && present !== undefined) byKey.set(key, { present });
        else byKey.delete(key);
        return gone ?? present;
      }
      return undefined;
    },
    async more() {
      await wakeUp.promise;
      wakeUp = Promise.withResolvers();
    },
    wake: () => wakeUp.resolve(),
  };
}
