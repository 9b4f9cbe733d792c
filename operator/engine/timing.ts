import type { Application } from '../core/app/types.ts';
import type { AppMemory } from './app-memory.ts';
import type { EngineSettings } from './ports.ts';

/*
 * When an application has to be looked at again though nothing happens. Pure; times in milliseconds,
 * `nowMs` since 1970.
 */

/** Between two comparisons with the newest revision; 0: nobody compares by the clock. */
export function resyncPeriod(
  { jitter }: AppMemory,
  { resyncMs, resyncJitterMs }: EngineSettings,
): number {
  return resyncMs === 0 ? 0 : resyncMs + jitter * resyncJitterMs;
}

/** Until the clock alone leads to another look, at what nothing was learnt about. */
export function nextLook({ resyncMs }: Pick<EngineSettings, 'resyncMs'>): number {
  return resyncMs === 0 ? NEVER_MS : resyncMs;
}

/** A hundred years: queues order by numbers, and infinities have no order. */
const NEVER_MS = 3_155_760_000_000;

/** Until the next comparison is due, or a sync window opens or closes. */
export function untilResync(
  app: Application,
  memory: AppMemory,
  settings: EngineSettings,
  nowMs: number,
): number {
  const last = Date.parse(withComparison(app, memory).status.reconciledAt ?? '');
  const period = resyncPeriod(memory, settings);
  if (period === 0) return Math.min(NEVER_MS, untilWindow(memory, nowMs));
  const resyncMs = Number.isNaN(last) ? period : Math.max(1_000, last + period - nowMs);
  return Math.min(resyncMs, untilWindow(memory, nowMs));
}

/** Until a sync window opens or closes; 0 when one has since the last comparison. */
export function untilWindow({ windowChangeMs }: AppMemory, nowMs: number): number {
  return windowChangeMs === undefined ? Infinity : Math.max(0, windowChangeMs - nowMs);
}

/** Where nobody compares by the clock. */
const LONGEST_RETRY_MS = 180_000;

/** Longer with every failure in a row. */
export function retryDelay({ failures }: AppMemory, { resyncMs }: EngineSettings): number {
  return Math.min(
    resyncMs === 0 ? LONGEST_RETRY_MS : resyncMs,
    5_000 * 2 ** Math.min(failures, 10),
  );
}

/**
 * How long the deletion of an application waits where the front side of Argo CD is in use: its client begins to
 * watch after it has asked for the deletion, and waits for ever for an application that was gone by then.
 */
export function untilWatched(app: Application, nowMs: number): number {
  const deletedAt = Date.parse(app.metadata.deletionTimestamp ?? '');
  if (Number.isNaN(deletedAt)) return 0;
  return Math.min(UNWATCHED_MS, Math.max(0, deletedAt + UNWATCHED_MS - nowMs));
}

/** Times of Kubernetes are whole seconds: between half a second and one and a half. */
const UNWATCHED_MS = 1_500;

/** The application with the time of its last comparison, which is not written when nothing else changed. */
export function withComparison(app: Application, { comparedAt }: AppMemory): Application {
  const { reconciledAt } = app.status;
  if (comparedAt === undefined || reconciledAt === undefined || reconciledAt >= comparedAt)
    return app;
  return { ...app, status: { ...app.status, reconciledAt: comparedAt } };
}
