import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { KubeObject } from '../objects/kube-object.ts';
import { appKey, type AppKey } from './app-key.ts';
import {
  decideDependencies,
  dependenciesOf,
  DEPENDS_ON_ANNOTATION,
  findCycle,
} from './depends-on.ts';
import { parseApplication } from './parse.ts';

const source = { repoURL: 'https://git.example.com/a.git', path: 'app' };
const destination = { server: 'https://kubernetes.default.svc', namespace: 'x' };

function application(name: string, dependsOn = '', status: object = {}, spec: object = {}) {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name,
      namespace: 'argocd',
      annotations: dependsOn === '' ? {} : { [DEPENDS_ON_ANNOTATION]: dependsOn },
    },
    spec: { project: 'default', source, destination, ...spec },
    status,
  } as unknown as KubeObject;
}

const fine = {
  reconciledAt: '2026-01-01T00:00:00Z',
  sync: { status: 'Synced', comparedTo: { source, destination }, revision: 'abc' },
  health: { status: 'Healthy' },
};

function decide(
  app: KubeObject,
  others: readonly KubeObject[],
  compared: Readonly<Record<string, readonly string[]>> = { 'argocd/db': ['commit-1'] },
) {
  const parsed = parseApplication(app);
  assert.equal(parsed.type, 'ok');
  const all = new Map(
    others.map((one) => [appKey('argocd', one.metadata.name ?? ''), one] as const),
  );
  return decideDependencies({
    app: parsed.application,
    revisions: ['commit-1'],
    find: (key) => all.get(key),
    comparedRevisions: (key) => compared[key],
  });
}

describe('names', () => {
  for (const [text, expected] of [
    ['', []],
    ['db', ['argocd/db']],
    [' db ,, team/cache, db', ['argocd/db', 'team/cache']],
  ] as const)
    test(JSON.stringify(text), () =>
      assert.deepEqual(dependenciesOf({ [DEPENDS_ON_ANNOTATION]: text }, 'argocd'), expected),
    );
});

describe('an Application that depends on another', () => {
  const web = application('web', 'db');
  const cases = [
    { name: 'which is fine', db: application('db', '', fine), message: undefined },
    { name: 'which does not exist', db: undefined, message: /argocd\/db which does not exist/ },
    {
      name: 'which was not compared yet',
      db: application('db'),
      message: /db which is Progressing \(waiting for the first comparison\)/,
    },
    {
      name: 'which is not healthy',
      db: application('db', '', { ...fine, health: { status: 'Degraded', message: 'no disk' } }),
      message: /db which is Degraded \(no disk\)/,
    },
    {
      name: 'which is to be synced by hand',
      db: application('db', '', { ...fine, sync: { ...fine.sync, status: 'OutOfSync' } }),
      message: /db which is OutOfSync/,
    },
    {
      name: 'whose spec is new',
      db: application('db', '', fine, { source: { ...source, path: 'other' } }),
      message: /comparison with its new source/,
    },
    {
      name: 'which has not seen the commit',
      db: application('db', '', fine),
      compared: { 'argocd/db': ['commit-0'] },
      message: /db which has not looked at commit-1 yet/,
    },
    {
      name: 'which reads another branch',
      db: application(
        'db',
        '',
        {
          ...fine,
          sync: {
            ...fine.sync,
            comparedTo: { source: { ...source, targetRevision: 'b' }, destination },
          },
        },
        { source: { ...source, targetRevision: 'b' } },
      ),
      compared: { 'argocd/db': ['commit-0'] },
      message: undefined,
    },
  ];
  for (const { name, db, compared, message } of cases)
    test(name, () => {
      const verdict = decide(web, db === undefined ? [] : [db], compared);
      if (message === undefined) assert.deepEqual(verdict, { type: 'ready' });
      else {
        assert.equal(verdict.type, 'wait');
        assert.match(verdict.message, message);
      }
    });

  test('a cycle is refused and shown', () => {
    const verdict = decide(web, [application('db', 'cache'), application('cache', 'web')]);
    assert.deepEqual(verdict, {
      type: 'cycle',
      message: `${DEPENDS_ON_ANNOTATION}: argocd/web -> argocd/db -> argocd/cache -> argocd/web`,
    });
  });
  test('so is depending on oneself', () =>
    assert.equal(decide(application('web', 'web'), []).type, 'cycle'));
  test('a cycle among others is theirs', () => {
    const verdict = decide(web, [
      application('db', 'cache', fine),
      application('cache', 'db', fine),
    ]);
    assert.equal(verdict.type, 'ready');
  });
});

test('a cycle is found exactly when there is one', () => {
  const edges = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 12 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const name = (n: number) => appKey('a', String(n));
      const of = (key: AppKey) =>
        pairs.filter(([from]) => name(from) === key).map(([, to]) => name(to));
      const reach = new Set<AppKey>(of(name(0)));
      for (const key of reach) for (const next of of(key)) reach.add(next);
      const cycle = findCycle(name(0), of);
      assert.equal(cycle !== undefined, reach.has(name(0)));
      for (const [index, key] of (cycle ?? []).slice(1).entries())
        assert.ok(of(cycle?.[index] ?? name(99)).includes(key));
    }),
  );
});
