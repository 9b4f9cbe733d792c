import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appKey, type AppKey } from '../core/app/app-key.ts';
import { TiphysError } from '../core/errors.ts';
import type { JsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { PushDetails } from '../core/webhook/bitbucket.ts';
import type { WebhookEvent } from '../core/webhook/event.ts';
import type { EnginePorts } from '../engine/ports.ts';
import type { Clock } from '../ports/clock.ts';
import { createVirtualClock } from '../runtime/clock.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { silentLogger } from '../telemetry/silent.ts';
import { createWebhookSpread } from './webhook-spread.ts';
import { createWebhookReceiver, type WebhookReceiverOptions } from './webhook.ts';

const GENERATE_PATHS = 'argocd.argoproj.io/manifest-generate-paths';

function app(
  name: string,
  source: JsonObject,
  annotations: Record<string, string> = {},
): KubeObject {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name, namespace: 'argocd', annotations },
    spec: { project: 'p', source },
  };
}

const repoURL = 'git@git.example:team/web.git';
const push = (...changedFiles: string[]): Extract<WebhookEvent, { type: 'push' }> => ({
  type: 'push',
  urls: ['https://git.example/team/web'],
  revision: 'main',
  touchedHead: true,
  changedFiles,
});

const BASES = [
  { repoUrl: 'git@git.example:team/base.git', revision: 'v1.x', commit: 'c' },
  { repoUrl: 'https://git.example/team/base', revision: '', commit: 'c' },
];

/** What a test may change besides the other options. */
interface Changes {
  /** Instead of a store that takes every patch. */
  readonly apps?: EnginePorts['apps'];
  readonly parallelism?: number;
  readonly maxHeld?: number;
}

/** What the receiver does to the world. */
function world(
  apps: readonly KubeObject[],
  changes: Partial<Omit<WebhookReceiverOptions, 'parallelism' | 'maxHeld'>> & Changes = {},
) {
  const done: string[] = [];
  const read: Record<string, readonly string[]> = {
    learned: ['apps/learned', 'shared/values.yaml'],
  };
  const metrics = createMetrics();
  const clock = createVirtualClock();
  const samples = async () =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('argocd_webhook'));
  const { apps: store, ...rest } = changes;
  const inner = createWebhookReceiver({
    ports: {
      apps:
        store ??
        ({
          list: () => apps,
          async patch(key: AppKey, patch: JsonObject) {
            done.push(`patch ${key} ${JSON.stringify(patch)}`);
          },
        } as unknown as WebhookReceiverOptions['ports']['apps']),
      manifests: {
        manifests: () => assert.fail('nothing is rendered'),
        pathsRead: (instance: string) => read[instance],
        othersRead: (instance) => (instance === 'based' ? BASES : []),
      },
      logger: silentLogger,
      metrics,
      clock,
    },
    settings: { namespace: 'argocd', hydrates: true },
    reconciler: { request: (key, level) => void done.push(`${level} ${key}`) },
    repositories: {
      async refresh(url, { project }) {
        done.push(`list ${url} for ${project}`);
      },
    },
    works: () => true,
    enqueue: (key, how) => void done.push(`enqueue ${key}${how ? ` in ${how.afterMs}` : ''}`),
    spread: { plan: () => new Map() },
    askAboutPush: () => assert.fail('no server is asked'),
    ...rest,
  });
  const told: (readonly AppKey[])[] = [];
  const receiver = {
    /** The Applications that are told at once; none, when a server is asked before. */
    accept(event: Parameters<typeof inner.accept>[0]): readonly AppKey[] {
      const begin = told.length;
      isHeld = inner.accept(event, (concerned) => void told.push(concerned));
      return told.slice(begin).flat();
    },
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  };
  let isHeld = false;
  return { receiver, done, told, held: () => isHeld, samples, clock };
}

/** Lets everything run that waits only on promises. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('what a webhook leads to', () => {
  const APPS = [
    app('head', { repoURL }),
    app('other-branch', { repoURL, targetRevision: 'stable' }),
    app('other-repository', { repoURL: 'https://git.example/team/api' }),
    app('annotated', { repoURL, path: 'apps/a' }, { [GENERATE_PATHS]: '.;/lib' }),
    app('learned', { repoURL, path: 'apps/learned' }),
    app('broken', { repoURL: 5 }),
  ];
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ['nobody knows which files', [], ['head', 'annotated', 'learned']],
    ['a file of the annotation', ['lib/x.yaml'], ['head', 'annotated']],
    ['a file that was read', ['shared/values.yaml'], ['head', 'learned']],
    ['a file in a folder that was read', ['apps/learned/deep/x'], ['head', 'learned']],
    ['a file that nobody reads', ['README.md'], ['head']],
    ['a folder whose name only begins the same', ['apps/learned-2/x'], ['head']],
  ];
  for (const [name, files, expected] of cases)
    test(`only those whose paths changed: ${name}`, async () => {
      const { receiver, done } = world(APPS);
      const keys = receiver.accept(push(...files));
      assert.deepEqual(
        keys,
        expected.map((one) => `argocd/${one}`),
      );
      await settle();
      assert.deepEqual(done, [
        `list ${repoURL} for p`,
        ...expected.flatMap((one) => [`latest argocd/${one}`, `enqueue argocd/${one}`]),
      ]);
    });

  const based = app('based', { repoURL: 'https://git.example/team/shop' });
  const ofBase = (revision: string, touchedHead: boolean, changed: readonly string[] = []) => ({
    ...push(...changed),
    ...{ urls: ['https://git.example/team/base'], revision, touchedHead },
  });
  for (const [name, event, expected] of [
    ['the branch that HEAD is', ofBase('main', true), [BASES[1]?.repoUrl]],
    ['a tag in the range', ofBase('v1.2.0', false, ['a.yaml']), [BASES[0]?.repoUrl]],
    ['another branch', ofBase('dev', false), []],
  ] as const)
    test(`a push to the base of another repository: ${name}`, async () => {
      const { receiver, done } = world([based, app('other', { repoURL })]);
      const keys = receiver.accept(event);
      assert.deepEqual(
        keys,
        expected.map(() => 'argocd/based'),
      );
      await settle();
      assert.deepEqual(
        done,
        expected.flatMap((url) => [
          `list ${url} for p`,
          'latest argocd/based',
          'enqueue argocd/based',
        ]),
      );
    });

  test('a server that does not answer leaves the question to each application', async () => {
    const refresh = async () => {
      throw new Error('no answer');
    };
    const { receiver, done } = world([app('a', { repoURL })], { repositories: { refresh } });
    receiver.accept(push());
    await settle();
    assert.deepEqual(done, ['forced argocd/a', 'enqueue argocd/a']);
  });

  describe('when the server of the repository is asked what changed', () => {
    const asked: [unknown, unknown][] = [];
    const unsaid = { before: 'a', after: 'b' };
    const saying =
      (details: PushDetails | undefined | Error): WebhookReceiverOptions['askAboutPush'] =>
      async (readers, range) => {
        asked.push([readers, range]);
        if (details instanceof Error) throw details;
        return details;
      };
    const all = ['argocd/head', 'argocd/annotated', 'argocd/learned'];
    for (const [name, details, expected] of [
      ['files', { mainBranch: 'main', changedFiles: ['lib/x.yaml'] }, ['head', 'annotated']],
      ['another main branch', { mainBranch: 'trunk', changedFiles: [] }, []],
      ['no main branch', { mainBranch: undefined, changedFiles: ['apps/a/x'] }, undefined],
      ['nothing, for it cannot be asked', undefined, all.map((key) => key.slice(7))],
      ['nothing, for it fails', new Error('no'), all.map((key) => key.slice(7))],
    ] as const)
      test(`it says ${name}`, async () => {
        asked.length = 0;
        const { receiver, done, told } = world(APPS, { askAboutPush: saying(details) });
        assert.deepEqual(receiver.accept({ ...push(), unsaid }), [], 'not known yet');
        await settle();
        const keys = (expected ?? ['head', 'annotated']).map((one) => `argocd/${one}`);
        assert.deepEqual(told, [keys]);
        assert.deepEqual(
          done.filter((line) => line.startsWith('enqueue')),
          keys.map((key) => `enqueue ${key}`),
        );
        assert.deepEqual(asked, [[[{ repoUrl: repoURL, project: 'p' }], unsaid]]);
      });

    test('nobody is asked for a repository that no Application reads', async () => {
      const { receiver, told } = world([app('other', { repoURL: 'https://git.example/team/api' })]);
      receiver.accept({ ...push(), unsaid });
      await settle();
      assert.deepEqual(told, [[]]);
    });

    test('a push is lost to nobody when this ends meanwhile', async () => {
      const { promise, reject } = Promise.withResolvers<never>();
      const { receiver, done, told } = world(APPS, { askAboutPush: () => promise });
      receiver.accept({ ...push(), unsaid });
      const disposed = receiver[Symbol.asyncDispose]();
      reject(new Error('shutdown'));
      await disposed;
      assert.deepEqual([done, told], [[], []]);
    });
  });

  test('no more servers are asked at once than is set, and what is too much is not taken', async () => {
    const asked: PromiseWithResolvers<void>[] = [];
    const refresh = () => {
      const answer = Promise.withResolvers<void>();
      asked.push(answer);
      return answer.promise;
    };
    const bounds = { parallelism: 2, maxHeld: 3 };
    const one = [app('a', { repoURL })];
    const { receiver, held, told } = world(one, { ...bounds, repositories: { refresh } });
    const taken = Array.from({ length: 4 }, () => {
      receiver.accept(push());
      return held();
    });
    assert.deepEqual(taken, [true, true, true, false]);
    assert.equal(told.length, 3);
    await settle();
    assert.equal(asked.length, 2);
    asked[0]?.resolve();
    await settle();
    assert.equal(asked.length, 3);
    receiver.accept(push());
    assert.ok(held(), 'there is room again');
    for (const answer of asked) answer.resolve();
  });

  const many = Array.from({ length: 4 }, (_, i) => app(`a${i}`, { repoURL }));
  const spreadOver = (clock: Pick<Clock, 'monotonic'>, jitterMs = 1_000) =>
    createWebhookSpread({
      ...{ clock, random: () => 0.5 },
      settings: () => ({ jitterMs, threshold: 2 }),
    });

  test('of many some wait, and so do they when their repository has moved', async () => {
    const time = createVirtualClock();
    const spread = spreadOver(time);
    const left: number[] = [];
    const repositories = {
      refresh: async () => void left.push(...[0, 1, 2, 3].map((i) => spread.leftFor(key(i)))),
    };
    const key = (i: number) => appKey('argocd', `a${i}`);
    const { receiver, done } = world(many, { spread, repositories });
    receiver.accept(push());
    await settle();
    assert.deepEqual(left, [0, 0, 500, 500]);
    assert.deepEqual(
      done.filter((line) => line.startsWith('enqueue')),
      ['a0', 'a1', 'a2 in 500', 'a3 in 500'].map((one) => `enqueue argocd/${one}`),
    );
    await time.advance(500);
    assert.equal(spread.leftFor(key(2)), 0);
    const none = world(many, { spread: spreadOver(time, 0) });
    none.receiver.accept(push());
    await settle();
    assert.equal(none.done.filter((line) => line.includes(' in ')).length, 0);
  });

  for (const [name, failures, asked] of [
    ['is unwell is asked again', 3, ['argocd/a0']],
    ['stays unwell is given up', 99, []],
  ] as const)
    test(`for an annotation, an API server that ${name}`, async () => {
      let left: number = failures;
      const annotated: AppKey[] = [];
      const patch = async (key: AppKey) => {
        left -= 1;
        if (left >= 0) throw new TiphysError('KubeConflict', 'busy');
        annotated.push(key);
      };
      const one = app('a0', { repoURL });
      const apps = { list: () => [one], patch } as unknown as EnginePorts['apps'];
      const { receiver, clock } = world([one], { works: () => false, apps });
      receiver.accept(push());
      await clock.advance(30_000);
      assert.deepEqual(annotated, asked);
      await receiver[Symbol.asyncDispose]();
    });

  test('who stands by asks for the refreshes of many one after the other', async () => {
    const time = createVirtualClock();
    const { receiver, done, clock } = world(many, {
      spread: spreadOver(time),
      works: () => false,
    });
    receiver.accept(push());
    await settle();
    assert.equal(done.length, 2);
    await clock.advance(499);
    assert.equal(done.length, 2);
    await clock.advance(1);
    await settle();
    assert.equal(done.length, 4);
    receiver.accept(push());
    await settle();
    await receiver[Symbol.asyncDispose]();
    assert.equal(done.length, 6, 'those that still wait when it ends are left');
  });

  test('who stands by tells whoever works, through the annotation', async () => {
    const { receiver, done } = world([app('a', { repoURL })], { works: () => false });
    receiver.accept(push());
    await settle();
    const patch = { metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } };
    assert.deepEqual(done, [`patch argocd/a ${JSON.stringify(patch)}`]);
  });

  const sourceHydrator = {
    drySource: { repoURL, targetRevision: 'main', path: 'dry' },
    syncSource: { repoURL: 'https://git.example/wet', targetBranch: 'env', path: 'web' },
  };
  const hydrated = { ...app('h', {}), spec: { project: 'p', sourceHydrator } };

  test('a dry source that was pushed to is asked for its refs, which hydrates', async () => {
    const { receiver, done } = world([hydrated]);
    receiver.accept(push());
    await settle();
    assert.deepEqual(done, [`list ${repoURL} for p`, 'latest argocd/h', 'enqueue argocd/h']);
  });

  for (const hydrates of [true, false])
    test(`who reconciles is told to hydrate where that is done: ${hydrates}`, async () => {
      const settings = { namespace: 'argocd', hydrates };
      const { receiver, done } = world([hydrated], { works: () => false, settings });
      receiver.accept(push());
      await settle();
      const annotations = {
        'argocd.argoproj.io/refresh': 'normal',
        ...(hydrates && { 'argocd.argoproj.io/hydrate': 'normal' }),
      };
      assert.deepEqual(done, [`patch argocd/h ${JSON.stringify({ metadata: { annotations } })}`]);
    });

  test('a chart that was pushed is asked for anew', async () => {
    const chart = app('c', {
      repoURL: 'oci://Registry.example/team',
      chart: 'web',
      targetRevision: '1.x',
    });
    const { receiver, done } = world([chart, ...APPS]);
    receiver.accept({ type: 'artifact', repository: 'registry.example/team/web', tag: '1.2.3' });
    await settle();
    assert.deepEqual(done, ['forced argocd/c', 'enqueue argocd/c']);
  });

  test('disposing ends what is under way, and nothing is asked of anybody after it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { receiver, done } = world([app('a', { repoURL })], {
      repositories: { refresh: () => promise },
    });
    receiver.accept(push());
    const disposed = receiver[Symbol.asyncDispose]();
    resolve();
    await disposed;
    assert.deepEqual(done, []);
  });

  test('is counted by the repository as an Application has it, whatever strangers call it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const token = 'https://canary@git.example/team/api.git';
    const { receiver, samples } = world([app('a', { repoURL }), app('b', { repoURL: token })], {
      repositories: { refresh: () => promise },
    });
    const told = (url: string) => receiver.accept({ ...push(), urls: [url] });
    for (const url of ['https://git.example/team/web', 'ssh://x@git.example:22/Team/web.git'])
      assert.equal(told(url).length, 1);
    assert.equal(told('https://git.example/team/api').length, 1);
    for (const url of ['https://a.example/1', 'https://a.example/2'])
      assert.equal(told(url).length, 0);
    await settle();
    assert.deepEqual(await samples(), [
      'argocd_webhook_requests_total{repo="git@git.example/team/web"} 2',
      'argocd_webhook_requests_total{repo="https://git.example/team/api"} 1',
      'argocd_webhook_requests_total{repo=""} 2',
      'argocd_webhook_handlers_in_flight 3',
    ]);
    resolve();
    await settle();
    assert.equal((await samples()).at(-1), 'argocd_webhook_handlers_in_flight 0');
    await receiver[Symbol.asyncDispose]();
    assert.ok(!(await samples()).join().includes('in_flight'), 'it is over');
  });
});
