import { answerWebhooks, type ReceiveWebhook } from './wiring/answer-webhooks.ts';
import type { Connected, ConnectOptions } from './wiring/connected.ts';
import { createApplicationController } from './controllers/application.ts';
import { createWebhookReceiver } from './controllers/webhook.ts';
import { createWebhookSpread } from './controllers/webhook-spread.ts';
import type { AppKey } from './core/app/app-key.ts';
import type { Publisher } from './controllers/publisher.ts';
import type { FrontSideOptions } from './wiring/open-publisher.ts';
import { createReconciler } from './engine/reconciler.ts';
import { createLeaseLock } from './kube/lease-lock.ts';
import type { WebhookAnswer, WebhookRequest } from './git/webhook.ts';
import { IN_CLUSTER_SERVER } from './live/clusters.ts';
import type { KubeClient } from './ports/kube-client.ts';
import { systemClock } from './runtime/clock.ts';
import type { Controller } from './runtime/controller.ts';
import {
  acquireLeadership,
  type Leadership,
  type LeaderElectionOptions,
} from './runtime/leader-election.ts';
import { silentLogger } from './telemetry/silent.ts';

export interface OperatorOptions extends ConnectOptions {
  /** Applications worked on at the same time. Default 20. */
  readonly workers?: number;
  /** Work only while holding a lease; without it this operator must be the only one. */
  readonly leaderElection?: LeaderElection;
  /** Tells the API server, page and CLI of Argo CD what they ask its controller for. Default: nobody is told. */
  readonly frontSide?: FrontSideOptions;
  /**
   * Starts what answers people beside the work, such as the API: called once everything is listed, whether or
   * not this operator leads. Its end begins with the signal, and is waited for.
   */
  readonly serve?: (
    connected: Connected,
    signal: AbortSignal,
    receiveWebhook: ReceiveWebhook,
  ) => Promise<AsyncDisposable>;
}

/** The lease, and how often it is renewed; defaults as in `acquireLeadership`. */
export interface LeaderElection
  extends Pick<LeaderElectionOptions, 'identity' | 'leaseMs' | 'renewDeadlineMs' | 'retryMs'> {
  /** Name of the Lease in the control-plane namespace. */
  readonly name: string;
}

/** An operator. Disposing stops it: workers first, connections last. */
export interface Operator extends AsyncDisposable {
  /**
   * Connects and lists, then begins to reconcile, with leader election once it leads. Call it once.
   * Errors: what the API server says, e.g. `KubeNotFound` when the CRDs are missing.
   */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Takes in a webhook of a Git server or a registry, and says what to answer; Applications that it
   * concerns are refreshed. Never throws for what was sent; reads no further than the body may be long.
   */
  receiveWebhook(request: WebhookRequest): Promise<WebhookAnswer>;
  /** What is missing before it can work; empty when it works or stands by. */
  readonly notReady: readonly string[];
  /** Resolves with the reason when leadership was lost; the operator has stopped working then. */
  readonly lost: Promise<unknown>;
  /** For tests and tools: whether nothing is due. */
  readonly idle: boolean;
}

const DEFAULT_WORKERS = 20;
const NOT_STARTED: WebhookAnswer = { status: 503, message: 'not started yet' };

/**
 * Wires a whole operator from plain values. Building opens nothing; `start` does. Several operators
 * can live in one process as long as their `dataDir`s differ.
 */
export function createOperator(options: OperatorOptions): Operator {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const logger = options.logger ?? silentLogger;
  const stack = new AsyncDisposableStack();
  const stop = new AbortController();
  const lost = Promise.withResolvers<unknown>();
  let controller: Controller<AppKey> | undefined;
  let webhooks: ReceiveWebhook | undefined;
  let hydrator: Controller<string> | undefined;
  let works = false;
  let publisher: Publisher | undefined;
  let leading: Promise<Leadership | undefined> = Promise.resolve(undefined);
  let notReady: readonly string[] = ['not started'];

  async function start(signal: AbortSignal): Promise<void> {
    notReady = ['connecting'];
    // Whoever imports the library to decide, not to run an operator, need not load what connects.
    const { connectPorts } = await import('./wiring/connect-ports.ts');
    const connected = await connectPorts({ ...options, createProject: true }, stack, signal);
    const { client, ports, settings, repositories, resources, projectSettings } = connected;
    const { apps, clusters } = ports;
    if (options.serve !== undefined) {
      // What comes before the work began is refused, and sent again.
      const receive: ReceiveWebhook = async (request) => (await webhooks?.(request)) ?? NOT_STARTED;
      stack.use(await options.serve(connected, stop.signal, receive));
    }
    if (options.frontSide !== undefined) {
      const { openPublisher } = await import('./wiring/open-publisher.ts');
      publisher = stack.use(await openPublisher(options.frontSide, connected));
    }
    const comparing = publisher === undefined ? ports : { ...ports, comparisons: publisher };
    const reconciler = createReconciler(comparing, settings);
    const workers = options.workers ?? DEFAULT_WORKERS;
    const spread = createWebhookSpread({ clock, random, settings: connected.refreshSpread });
    controller = createApplicationController({
      ports,
      settings,
      reconciler,
      repositories,
      resources,
      projectSettings,
      spread,
      workers,
    });
    if (settings.hydrates) {
      const { openHydrator } = await import('./wiring/open-hydrator.ts'); // which most operators never need
      hydrator = openHydrator(connected);
    }
    const { enqueue } = controller;
    const receiver = stack.use(
      createWebhookReceiver({
        ...{ ports, settings, reconciler, repositories, enqueue, spread },
        ...connected.webhooks,
        works: () => works,
      }),
    );
    webhooks = answerWebhooks({ read: connected.readWebhook, receiver, ...ports });
    if (options.leaderElection === undefined) beginWork(apps.list().length);
    else {
      leading = lead(client, options.leaderElection, () => apps.list().length);
      leading.catch(lost.resolve);
      await clusters.connect(IN_CLUSTER_SERVER, signal); // so that taking over is quick
    }
    notReady = [];
  }

  function beginWork(applications: number): void {
    publisher?.start();
    controller?.start();
    hydrator?.start();
    works = true;
    logger.info({ namespace: options.namespace, applications }, 'operator works');
  }

  async function lead(
    client: KubeClient,
    { name, ...election }: LeaderElection,
    applications: () => number,
  ): Promise<Leadership> {
    const { identity } = election;
    logger.info({ lease: name, identity }, 'standing by for leadership');
    const leadership = await acquireLeadership(
      {
        ...election,
        lock: createLeaseLock({ client, namespace: options.namespace, name }),
        clock,
        random,
        onTrouble: (error) => logger.warn({ lease: name, err: error }, 'lease not reached'),
      },
      stop.signal,
    );
    leadership.signal.addEventListener('abort', () => {
      notReady = ['leadership lost'];
      works = false;
      void controller?.[Symbol.asyncDispose]();
      void hydrator?.[Symbol.asyncDispose]();
      lost.resolve(leadership.signal.reason);
    });
    beginWork(applications());
    return leadership;
  }

  return {
    start,
    lost: lost.promise,
    async receiveWebhook(request) {
      return (await webhooks?.(request)) ?? NOT_STARTED;
    },
    get notReady() {
      return notReady;
    },
    get idle() {
      return (controller?.idle ?? false) && (hydrator?.idle ?? true);
    },
    async [Symbol.asyncDispose]() {
      notReady = ['stopping'];
      works = false;
      stop.abort(new Error('shutdown'));
      await Promise.all([controller?.[Symbol.asyncDispose](), hydrator?.[Symbol.asyncDispose]()]);
      const leadership = await leading.catch(() => undefined); // told through `lost`
      await leadership?.[Symbol.asyncDispose]();
      await stack.disposeAsync();
    },
  };
}
