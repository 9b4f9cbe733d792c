import { groupOf, type KubeObject } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type { ApiCatalogue } from '../ports/kube-client.ts';

export interface DiscoveryTriggerOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Discovers and resolves with what is known then. */
  readonly discover: () => Promise<ApiCatalogue>;
  readonly onError: (error: unknown) => void;
}

/** Decides when to ask the API server again what it offers. Nothing happens before `start`. */
export interface DiscoveryTrigger extends Disposable {
  start(): void;
  /** Told of every change of every object; CRDs and APIServices matter. */
  noticed(type: 'applied' | 'deleted', object: KubeObject): void;
  /** Told that a kind which discovery knew was not found. */
  doubted(): void;
}

/** CRDs come in groups; one discovery serves them all. */
const DEBOUNCE_MS = 200;
const DOUBT_MS = 1000;
/** A CRD is served a moment after it is stored; ask again after this, then ever later. */
const MISSING_MIN_MS = 300;
const MISSING_MAX_MS = 30_000;
/** After so many the CRD waits for its next change: its names clash, or it serves no version. */
const MISSING_ATTEMPTS = 10;
/** Where CRDs may not be watched, their kinds are still found, late. */
const PERIOD_MS = 600_000;

export function createDiscoveryTrigger(options: DiscoveryTriggerOptions): DiscoveryTrigger {
  const { clock, random, discover, onError } = options;
  /** Stored CRDs (`plural.group`) that the last discovery did not know, with the attempts so far. */
  const missing = new Map<string, number>();
  let started = false;
  let disposed = false;
  let due: { readonly atMs: number; readonly timer: Disposable } | undefined;

  function schedule(ms: number): void {
    if (!started || disposed) return;
    const atMs = clock.monotonic() + ms;
    if (due !== undefined && due.atMs <= atMs) return;
    due?.timer[Symbol.dispose]();
    due = { atMs, timer: clock.schedule(ms, () => void run()) };
  }

  async function run(): Promise<void> {
    due = undefined;
    try {
      const catalogue = await discover();
      const served = new Set(catalogue.resources.map(({ plural, group }) => `${plural}.${group}`));
      let next = Number.POSITIVE_INFINITY;
      for (const [name, attempts] of missing) {
        if (served.has(name) || attempts >= MISSING_ATTEMPTS) missing.delete(name);
        else {
          missing.set(name, attempts + 1);
          next = Math.min(next, MISSING_MIN_MS * 2 ** attempts, MISSING_MAX_MS);
        }
      }
      if (Number.isFinite(next)) schedule(Math.min(next, MISSING_MAX_MS));
    } catch (error) {
      onError(error);
      schedule(MISSING_MAX_MS * (0.5 + random() / 2));
    }
    schedule(PERIOD_MS * (0.9 + 0.2 * random()));
  }

  return {
    start() {
      started = true;
      schedule(missing.size > 0 ? DEBOUNCE_MS : PERIOD_MS * (0.9 + 0.2 * random()));
    },
    noticed(type, object) {
      const group = groupOf(object.apiVersion);
      const definition =
        object.kind === 'CustomResourceDefinition' && group === 'apiextensions.k8s.io';
      const service = object.kind === 'APIService' && group === 'apiregistration.k8s.io';
      if (!definition && !service) return;
      const name = object.metadata.name ?? '';
      if (definition) {
        if (type === 'applied') missing.set(name, 0);
        else missing.delete(name);
      }
      schedule(DEBOUNCE_MS);
    },
    doubted: () => schedule(DOUBT_MS),
    [Symbol.dispose]() {
      disposed = true;
      due?.timer[Symbol.dispose]();
    },
  };
}
