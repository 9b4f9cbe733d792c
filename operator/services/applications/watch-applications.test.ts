import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appKey } from '../../core/app/app-key.ts';
import { NOBODY } from '../../core/access/requester.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { AppChange } from '../../ports/app-store.ts';
import type { ControlPlane } from '../control-plane.ts';
import { watchApplications, type WatchFilter } from './watch-applications.ts';

function app(name: string, version: number, more: object = {}): KubeObject {
  const metadata = { name, namespace: 'argocd', resourceVersion: String(version), ...more };
  const kind = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' };
  return { ...kind, metadata, spec: { project: 'p' } };
}

/** A store of three, and what happens to it. */
function world(hidden: readonly string[] = []) {
  const listeners = new Set<(change: AppChange) => void>();
  const held = new Map(['a', 'b', 'c'].map((name, index) => [name, app(name, index + 5)]));
  const deleted: KubeObject[] = [];
  const asked: string[] = [];
  const controlPlane = {
    ports: {
      apps: {
        list: () => [...held.values()],
        deletedSince: (version: string) =>
          deleted.filter(({ metadata }) => Number(metadata.resourceVersion) > Number(version)),
        onChange(listener: (change: AppChange) => void) {
          listeners.add(listener);
          return { [Symbol.dispose]: () => void listeners.delete(listener) };
        },
      },
      access: {
        decide(_caller: unknown, { object }: { readonly object: string }) {
          asked.push(object);
          return { allowed: !hidden.some((name) => object.endsWith(`/${name}`)) };
        },
      },
    },
    settings: { namespace: 'argocd', applicationNamespaces: [] },
  } as unknown as ControlPlane;
  const stop = new AbortController();
  return {
    listeners,
    deleted,
    stop,
    happens(type: AppChange['type'], object: KubeObject): void {
      const { name = '', namespace = '' } = object.metadata;
      const previous = held.get(name);
      if (type === 'deleted') held.delete(name);
      else held.set(name, object);
      const key = appKey(namespace, name);
      for (const listener of listeners) listener({ type, key, object, previous });
    },
    watch(filter: Partial<WatchFilter> = {}) {
      const whole = { resourceVersion: '', ...filter };
      const events = watchApplications(controlPlane, NOBODY, whole, stop.signal);
      return {
        events,
        async take(count: number): Promise<string> {
          const told: string[] = [];
          for (let index = 0; index < count; index += 1) {
            const { value } = await events.next();
            if (value === undefined) break;
            const { name, resourceVersion } = value.application.metadata;
            told.push(`${value.type} ${name}@${resourceVersion}`);
          }
          return told.join(', ');
        },
      };
    },
  };
}

describe('a watch of Applications', () => {
  test('begins with what there is, and goes on with what happens', async () => {
    const { watch, happens } = world();
    const { take } = watch();
    assert.equal(await take(3), 'ADDED a@5, ADDED b@6, ADDED c@7');
    const next = take(3);
    happens('applied', app('a', 8));
    happens('applied', app('d', 9));
    happens('deleted', app('b', 10));
    assert.equal(await next, 'MODIFIED a@8, ADDED d@9, DELETED b@10');
  });

  test('goes on from a list: what came and went since is told first', async () => {
    const { watch, deleted } = world();
    deleted.push(app('old', 4), app('gone', 8));
    const { take } = watch({ resourceVersion: '6' });
    assert.equal(await take(2), 'DELETED gone@8, MODIFIED c@7');
  });

  test('of one name begins with it, also with a version, in the namespace of the control plane', async () => {
    const { watch, happens } = world();
    const { take } = watch({ name: 'b', resourceVersion: '100' });
    assert.equal(await take(1), 'ADDED b@6');
    const next = take(1);
    happens('applied', app('b', 8, { namespace: 'elsewhere' }));
    happens('applied', app('b', 9));
    assert.equal(await next, 'MODIFIED b@9');
  });

  test('tells a slow client the last state of each, and never more than that', async () => {
    const { watch, happens } = world();
    const { take } = watch();
    assert.equal(await take(1), 'ADDED a@5');
    for (let version = 10; version < 1_000; version += 1) happens('applied', app('a', version));
    happens('applied', app('b', 1_000));
    happens('deleted', app('c', 1_001));
    happens('applied', app('c', 1_002, { uid: 'another' }));
    assert.equal(await take(4), 'ADDED b@1000, DELETED c@1001, ADDED c@1002, MODIFIED a@999');
  });

  test('tells nothing of what may not be seen or is not wanted', async () => {
    const { watch, happens } = world(['a']);
    const { take } = watch({ selects: ({ tier }) => tier !== 'db' });
    assert.equal(await take(2), 'ADDED b@6, ADDED c@7');
    const next = take(1);
    happens('applied', app('a', 8));
    happens('applied', app('b', 9, { labels: { tier: 'db' } }));
    happens('deleted', app('a', 10));
    happens('applied', app('c', 11));
    assert.equal(await next, 'MODIFIED c@11');
  });

  test('ends with its signal, and listens no longer', async () => {
    const { watch, listeners, stop } = world();
    const { events, take } = watch();
    await take(3);
    assert.equal(listeners.size, 1);
    const next = events.next();
    stop.abort(new Error('the client went away'));
    assert.deepEqual(await next, { done: true, value: undefined });
    assert.equal(listeners.size, 0);
  });
});
