import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { TestApplication } from './application.ts';
import { met, pending, type Expectation } from './expectation.ts';
import type { ObjectExpectations } from './object-expectations.ts';
import type { World } from './world.ts';

/** Nothing changed for so long: what followed from a change has happened. */
const SETTLED_MS = 1_000;

/** Requests about single objects that the operator made for one Application, since it runs. */
export interface RequestCount {
  readonly verb: string;
  readonly kind: string;
  readonly dryRun: boolean;
  readonly count: number;
}

/** The operator's own metric `argocd_app_k8s_request_total`, of one Application. */
export async function requestsFor(
  world: World,
  app: TestApplication,
  signal: AbortSignal,
): Promise<readonly RequestCount[]> {
  const counts: RequestCount[] = [];
  for (const line of (await metricsOf(world, signal)).split('\n')) {
    if (!line.startsWith('argocd_app_k8s_request_total{')) continue;
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
    if (label('name') !== app.name) continue;
    counts.push({
      verb: label('verb'),
      kind: label('resource_kind'),
      dryRun: label('dry_run') === 'true',
      count: Number(line.slice(line.lastIndexOf(' ') + 1)),
    });
  }
  return counts;
}

/** How many of them match. */
export function howMany(
  requests: readonly RequestCount[],
  wanted: Partial<Omit<RequestCount, 'count'>>,
): number {
  return requests
    .filter((one) =>
      Object.entries(wanted).every(([name, value]) => one[name as keyof RequestCount] === value),
    )
    .reduce((sum, { count }) => sum + count, 0);
}

/**
 * How often the operator looked at Applications whose destination is written so, since it runs: its
 * metric `argocd_app_reconcile`, which knows no single Application.
 */
export async function passesTo(
  world: World,
  destination: string,
  signal: AbortSignal,
): Promise<number> {
  const labels = `{namespace="${world.namespace}",dest_server="${destination}"}`;
  for (const line of (await metricsOf(world, signal)).split('\n'))
    if (line.startsWith(`argocd_app_reconcile_count${labels} `))
      return Number(line.slice(line.lastIndexOf(' ') + 1));
  return 0;
}

/** What the operator tells Prometheus now. */
export async function metricsOf(world: World, signal: AbortSignal): Promise<string> {
  const ports = [...(await world.operatorLog()).matchAll(/"port":(\d+).*"metrics and probes"/g)];
  const port = ports.at(-1)?.[1]; // of the operator that runs now, where it was started again
  if (port === undefined) throw new Error('the operator has not told its port yet');
  return await (await fetch(`http://127.0.0.1:${port}/metrics`, { signal })).text();
}

/** The refresh that was asked for has been done. */
export const isRefreshed =
  (app: TestApplication): Expectation =>
  async (signal) => {
    const annotations = (await app.read(signal))?.metadata.annotations ?? {};
    return 'argocd.argoproj.io/refresh' in annotations
      ? pending(`Application ${app.name} is being refreshed`)
      : met(`Application ${app.name} is refreshed`);
  };

/**
 * Looking again, normally and hard, finds the application in the same state, asks the API server
 * nothing about any object, and leaves every object that is named as it is.
 */
export async function staysStill(
  world: World,
  app: TestApplication,
  objects: readonly ObjectExpectations[],
  signal: AbortSignal,
  state: Expectation = app.isSynced(),
): Promise<void> {
  const look = async () => ({
    versions: await Promise.all(objects.map((object) => versionOf(object, signal))),
    requests: await requestsFor(world, app, signal),
  });
  // What controllers wrote last may be in the cluster and not yet looked at.
  await world.when(app.refreshed());
  await world.thenEventually(isRefreshed(app), state, settled(look));
  const before = await look();
  for (const level of ['normal', 'hard'] as const) {
    await world.when(app.refreshed(level));
    await world.thenEventually(isRefreshed(app), state);
  }
  await world.thenConsistently(1_500, state);
  assert.deepEqual(await look(), before);
}

/** Controllers, too, write after a change (a Deployment's revision, say), and that is looked at. */
export function settled(look: () => Promise<unknown>): Expectation {
  let seen: unknown;
  let sinceMs = performance.now();
  return async () => {
    const now = await look();
    if (!isDeepStrictEqual(now, seen)) sinceMs = performance.now();
    seen = now;
    return performance.now() - sinceMs > SETTLED_MS
      ? met('all is quiet')
      : pending('not yet quiet');
  };
}

/** Of what is asked for, not of what controllers report: status has no generation. */
async function versionOf(object: ObjectExpectations, signal: AbortSignal): Promise<unknown> {
  const seen = await object.read(signal);
  assert.ok(seen, 'the object exists');
  const { status, metadata } = seen as typeof seen & { readonly status?: unknown };
  return status === undefined
    ? metadata.resourceVersion
    : [metadata.generation, metadata.labels, metadata.annotations];
}
