import { appKey, type AppKey } from '../core/app/app-key.ts';
import { instanceName } from '../core/app/names.ts';
import { REFRESH_ANNOTATION } from '../core/app/refresh.ts';
import type { ApplicationSource } from '../core/app/types.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { HYDRATE_ANNOTATION } from '../core/hydrator/need.ts';
import { shownUrl } from '../core/repository/shown-url.ts';
import { normaliseRepositoryUrl } from '../core/revision/repository-url.ts';
import { affectedBy, movesOther } from '../core/webhook/affected.ts';
import { withDetails } from '../core/webhook/bitbucket.ts';
import type { WebhookEvent } from '../core/webhook/event.ts';
import { webhookTarget } from '../core/webhook/webhook-target.ts';
import type { WebhookSpread } from './webhook-spread.ts';
import type { EnginePorts, EngineSettings } from '../engine/ports.ts';
import type { Reconciler } from '../engine/reconciler.ts';
import type { RepositoryReader } from '../ports/source-repositories.ts';
import type { AskAboutPush, PushReader } from '../ports/webhooks.ts';
import { createLimiter } from '../runtime/limiter.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { retryTransient } from '../runtime/retry-transient.ts';

export interface WebhookReceiverOptions {
  readonly ports: Pick<EnginePorts, 'apps' | 'clock' | 'manifests' | 'logger' | 'metrics'>;
  readonly settings: Pick<EngineSettings, 'namespace' | 'hydrates'>;
  readonly reconciler: Pick<Reconciler, 'request'>;
  readonly repositories: {
    refresh(repoUrl: string, reader: RepositoryReader, signal: AbortSignal): Promise<void>;
  };
  /** Whether this operator reconciles; else another one does, and is told through the Applications. */
  readonly works: () => boolean;
  readonly enqueue: (key: AppKey, how?: { readonly afterMs: number }) => void;
  readonly spread: Pick<WebhookSpread, 'plan'>;
  readonly askAboutPush: AskAboutPush;
  /** How many questions and annotations are under way at once; the others wait. Default 50. */
  readonly parallelism?: number;
  /** How many webhooks may be worked on and wait together. Default 50 000. */
  readonly maxHeld?: number;
}

/** Takes in what webhooks tell. Disposing ends what is under way. */
export interface WebhookReceiver extends AsyncDisposable {
  /**
   * Refreshes the Applications that it concerns, behind the scenes. `told` is called once they are known, which is
   * at once unless a server has to be asked; not at all when this ends before. False: too many are held already, and this one is not.
   */
  accept(event: Accepted, told: (concerned: readonly AppKey[]) => void): boolean;
}

type Accepted = Extract<WebhookEvent, { type: 'push' | 'artifact' }>;

interface Concerned {
  readonly key: AppKey;
  readonly project: string;
  /** It is to be hydrated, too. */
  readonly hydrate: boolean;
  readonly sources: readonly ApplicationSource[];
}

/** Applications of one webhook that are annotated at the same time. */
const ANNOTATING = 20;

/**
 * A push asks the server of its repository once for its refs, whatever the number of Applications, and
 * then those that it concerns for a comparison. Only that; how it ends is told by each of them.
 */
export function createWebhookReceiver(options: WebhookReceiverOptions): WebhookReceiver {
  const { ports, settings, reconciler, parallelism = 50, maxHeld = 50_000 } = options;
  const limiter = createLimiter(parallelism);
  const stop = new AbortController();
  const underWay = new Set<Promise<void>>();
  const shown = ports.metrics.gauge('argocd_webhook_handlers_in_flight', '', [], () => [
    { labels: {}, value: underWay.size },
  ]);

  function concernedBy(event: Accepted): readonly Concerned[] {
    return ports.apps.list().flatMap((app) => {
      const { namespace = '', name = '' } = app.metadata;
      const instance = instanceName({ namespace, name }, settings.namespace);
      const learned = (source: ApplicationSource) => ports.manifests.pathsRead?.(instance, source);
      const { refresh, hydrate, sources } = affectedBy(webhookTarget(app), event, learned);
      const others = (ports.manifests.othersRead?.(instance) ?? [])
        .filter((other) => movesOther(event, other))
        .map(({ repoUrl }) => ({ repoURL: repoUrl }));
      if (!refresh && others.length === 0) return [];
      const concerning = [...sources, ...others];
      const key = appKey(namespace, name);
      return { key, project: projectOf(app), hydrate, sources: concerning };
    });
  }

  /** One listing for each address and project, however many Applications. */
  async function refresh(concerned: readonly Concerned[], event: Accepted): Promise<void> {
    const byRepository = new Map<string, Concerned[]>();
    for (const one of concerned) {
      const url = one.sources[0]?.repoURL ?? '';
      const group = JSON.stringify([event.type === 'push' ? url : '', one.project]);
      byRepository.set(group, [...(byRepository.get(group) ?? []), one]);
    }
    await Promise.all(
      Array.from(byRepository, async ([group, members]) => {
        const [url = '', project = ''] = JSON.parse(group) as string[];
        // Before the listing, which enqueues all whose repository moved.
        const delays = delaysOf(members, event);
        const isFresh = url !== '' && (await listed(url, project));
        stop.signal.throwIfAborted();
        for (const { key } of members) {
          reconciler.request(key, isFresh ? 'latest' : 'forced');
          const afterMs = delays.get(key) ?? 0;
          options.enqueue(key, afterMs > 0 ? { afterMs } : undefined);
        }
      }),
    );
  }

  /** Registries tell of one tag at a time, and those that it concerns never wait. */
  function delaysOf(concerned: readonly Concerned[], event: Accepted): ReadonlyMap<AppKey, number> {
    return event.type === 'push'
      ? options.spread.plan(concerned.map(({ key }) => key))
      : new Map<AppKey, number>();
  }

  /** An Application that then asks by itself tells what is wrong with the repository. */
  async function listed(url: string, project: string): Promise<boolean> {
    try {
      const list = () => options.repositories.refresh(url, { project }, stop.signal);
      await limiter.run(stop.signal, list);
      return true;
    } catch (error) {
      stop.signal.throwIfAborted();
      ports.logger.debug({ err: error }, 'the repository of a webhook could not be asked');
      return false;
    }
  }

  /** As Argo CD's API server does it: whoever reconciles sees the annotation. */
  async function annotate(concerned: readonly Concerned[], event: Accepted): Promise<void> {
    const { clock } = ports;
    const delays = delaysOf(concerned, event);
    const delayOf = ({ key }: Concerned) => delays.get(key) ?? 0;
    const begin = clock.monotonic();
    const inOrder = concerned.toSorted((left, right) => delayOf(left) - delayOf(right));
    await mapLimit(
      inOrder,
      ANNOTATING,
      async (one) => {
        const { key, hydrate } = one;
        const waitMs = begin + delayOf(one) - clock.monotonic();
        if (delayOf(one) > 0 && waitMs > 0) await clock.sleep(waitMs, stop.signal);
        // Where nobody hydrates, nobody would take the request away.
        const hydration = hydrate && settings.hydrates ? { [HYDRATE_ANNOTATION]: 'normal' } : {};
        const annotations = { [REFRESH_ANNOTATION]: 'normal', ...hydration };
        const patch = () =>
          ports.apps.patch(key, { metadata: { annotations } }, undefined, stop.signal);
        const onTrouble = (error: unknown, delayMs: number) =>
          ports.logger.debug({ app: key, err: error, delayMs }, 'a refresh is asked for once more');
        const patiently = () => retryTransient(patch, { clock, onTrouble }, stop.signal);
        await limiter
          .run(stop.signal, patiently)
          .catch((error: unknown) =>
            ports.logger.warn({ app: key, err: error }, 'a refresh could not be asked for'),
          );
      },
      stop.signal,
    );
  }

  /** A push with what its server says of it. One that does not answer leaves all that it may concern to be refreshed. */
  async function learnt(event: Accepted, may: readonly Concerned[]): Promise<Accepted> {
    if (event.type !== 'push' || event.unsaid === undefined) return event;
    try {
      const { unsaid } = event;
      const ask = () => options.askAboutPush(readersOf(may), unsaid, stop.signal);
      const details = await limiter.run(stop.signal, ask);
      return details === undefined ? event : withDetails(event, details);
    } catch (error) {
      stop.signal.throwIfAborted();
      const message = 'a server did not say what a push changed; all that follow it are refreshed';
      ports.logger.warn({ repository: repositoryOf(may), err: error }, message);
      return event;
    }
  }

  async function passOn(event: Accepted, concerned: readonly Concerned[]): Promise<void> {
    await (options.works() ? refresh(concerned, event) : annotate(concerned, event));
  }

  /** Keeps count of it until it ends. */
  function hold(work: () => Promise<void>): void {
    const ended = work()
      .catch((error: unknown) => {
        if (!stop.signal.aborted) ports.logger.error({ err: error }, 'a webhook was lost');
      })
      .finally(() => underWay.delete(ended));
    underWay.add(ended);
  }

  return {
    accept(event, told) {
      if (underWay.size >= maxHeld) return false;
      const may = concernedBy(event);
      ports.metrics.count('argocd_webhook_requests_total', { repo: repositoryOf(may) });
      const keysOf = (concerned: readonly Concerned[]) => concerned.map(({ key }) => key);
      const isAsked = event.type === 'push' && event.unsaid !== undefined && may.length > 0;
      if (!isAsked) told(keysOf(may));
      hold(async () => {
        if (!isAsked) return await passOn(event, may);
        const whole = await learnt(event, may);
        const concerned = concernedBy(whole);
        told(keysOf(concerned));
        await passOn(whole, concerned);
      });
      return true;
    },
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('shutdown'));
      shown[Symbol.dispose]();
      await Promise.all(underWay);
    },
  };
}

/** As an Application has it: what a stranger may send is without end. Empty: nobody is concerned. */
function repositoryOf([first]: readonly Concerned[]): string {
  return normaliseRepositoryUrl(shownUrl(first?.sources[0]?.repoURL ?? ''));
}

/** Every way in which those who are concerned read it. */
function readersOf(concerned: readonly Concerned[]): readonly PushReader[] {
  const readers = new Map<string, PushReader>();
  for (const { project, sources } of concerned)
    for (const { repoURL: repoUrl } of sources)
      readers.set(JSON.stringify([repoUrl, project]), { repoUrl, project });
  return [...readers.values()];
}

function projectOf(app: KubeObject): string {
  const spec = app['spec'] as { readonly project?: unknown } | undefined;
  return typeof spec?.project === 'string' ? spec.project : '';
}
