import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  Application,
  ApplicationSource,
  ApplicationSpec,
  OperationState,
  ResourceStatus,
} from '../app/types.ts';
import { decideAutoSync, DEFAULT_SELF_HEAL, type AutoSyncInput } from './auto-sync.ts';

const source: ApplicationSource = { repoURL: 'https://git.example/a', path: 'a' };
const other: ApplicationSource = { repoURL: 'https://git.example/b', path: 'b' };
const NOW = Date.parse('2026-01-01T00:01:00Z');

const drifted: ResourceStatus = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  namespace: 'web',
  name: 'api',
  status: 'OutOfSync',
};
const synced: ResourceStatus = { ...drifted, name: 'ok', status: 'Synced' };
const extra: ResourceStatus = { ...drifted, name: 'old', requiresPruning: true };
const hook: ResourceStatus = { group: 'batch', kind: 'Job', name: 'migrate', hook: true };

type Automated = NonNullable<NonNullable<ApplicationSpec['syncPolicy']>['automated']>;

function application(
  parts: {
    automated?: Automated | undefined;
    spec?: Partial<ApplicationSpec>;
    last?: OperationState;
    operation?: Application['operation'];
    deletionTimestamp?: string;
  } = {},
): Application {
  const automated = 'automated' in parts ? parts.automated : {};
  return {
    metadata: {
      name: 'app',
      namespace: 'argocd',
      uid: 'u',
      resourceVersion: '1',
      labels: {},
      annotations: {},
      finalizers: [],
      ...(parts.deletionTimestamp === undefined
        ? {}
        : { deletionTimestamp: parts.deletionTimestamp }),
    },
    spec: {
      project: 'default',
      source,
      destination: { namespace: 'web' },
      syncPolicy: { automated },
      ...parts.spec,
    },
    status: { operationState: parts.last },
    operation: parts.operation,
    raw: { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { name: 'app' } },
  };
}

function lastSync(parts: Partial<OperationState> = {}): OperationState {
  return {
    operation: { sync: { revision: 'abc' } },
    phase: 'Succeeded',
    startedAt: '2026-01-01T00:00:00Z',
    finishedAt: '2026-01-01T00:00:30Z',
    message: 'done',
    syncResult: { revision: 'abc', source },
    ...parts,
  };
}

function input(app: Application, parts: Partial<AutoSyncInput> = {}): AutoSyncInput {
  return {
    app,
    resources: [drifted, synced],
    syncStatus: 'OutOfSync',
    revisions: ['abc'],
    sourceMayHaveChanged: true,
    nowMs: NOW,
    selfHeal: DEFAULT_SELF_HEAL,
    parseTime: Date.parse,
    ...parts,
  };
}

const healed = (attempts: number, finishedSecondsAgo: number): OperationState =>
  lastSync({
    operation: { sync: { autoHealAttemptsCount: attempts } },
    finishedAt: new Date(NOW - finishedSecondsAgo * 1000).toISOString(),
  });

interface Case {
  readonly name: string;
  readonly app: Application;
  readonly with?: Partial<AutoSyncInput>;
  /** `type reason`, and for `refuse` the message, for `retry-at` the seconds from now. */
  readonly expect: string;
}

const failed = (phase: OperationState['phase'], metadata?: string): OperationState =>
  lastSync({
    phase,
    message: 'boom',
    ...(metadata === undefined
      ? {}
      : { operation: { info: [{ name: 'tiphys.io/namespace-metadata', value: metadata }] } }),
  });
const selfHeal = { selfHeal: true };
const multi: Partial<ApplicationSpec> = { sources: [source, other] };
const multiLast = lastSync({
  syncResult: { revisions: ['abc', 'def'], sources: [source, other] },
});

const labelled: Partial<ApplicationSpec> = {
  syncPolicy: { automated: {}, managedNamespaceMetadata: { labels: { team: 'one' } } },
};

const cases: readonly Case[] = [
  {
    name: 'managedNamespaceMetadata changed since the last sync, and nothing else did',
    app: application({ spec: labelled, last: lastSync() }),
    with: { resources: [synced] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'managedNamespaceMetadata was set by the last sync',
    app: application({
      spec: labelled,
      last: lastSync({
        syncResult: {
          revision: 'abc',
          source,
          managedNamespaceMetadata: { labels: { team: 'one' } },
        },
      }),
    }),
    expect: 'skip SelfHealDisabled',
  },
  {
    name: 'managedNamespaceMetadata could not be set: not tried for ever',
    app: application({ spec: labelled, last: failed('Failed') }),
    expect: 'refuse LastAttemptFailed: Failed last sync attempt to [abc]: boom',
  },
  {
    name: 'managedNamespaceMetadata that could not be set was corrected',
    app: application({ spec: labelled, last: failed('Failed', '{"labels":{"team":"typo!"}}') }),
    with: { resources: [synced] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'managedNamespaceMetadata that could not be set is the same, and self-heal is on',
    app: application({
      spec: {
        syncPolicy: {
          automated: { selfHeal: true },
          managedNamespaceMetadata: { labels: { team: 'one' } },
        },
      },
      last: failed('Error', '{"labels":{"team":"one"}}'),
    }),
    expect: 'refuse LastAttemptFailed: Failed last sync attempt to [abc]: boom',
  },
  {
    name: 'rule 1: no automated block',
    app: application({ automated: undefined }),
    expect: 'skip AutomationDisabled',
  },
  {
    name: 'rule 1: no sync policy',
    app: application({ spec: { syncPolicy: undefined } }),
    expect: 'skip AutomationDisabled',
  },
  {
    name: 'rule 1: enabled false keeps the block but disables it',
    app: application({ automated: { enabled: false, prune: true } }),
    expect: 'skip AutomationDisabled',
  },
  { name: 'rule 1: an empty block enables', app: application(), expect: 'sync OutOfSync' },
  {
    name: 'rule 1: disabled wins over an operation under way',
    app: application({ automated: undefined, operation: {} }),
    expect: 'skip AutomationDisabled',
  },
  {
    name: 'rule 2: an operation is set',
    app: application({ operation: { sync: {} }, deletionTimestamp: '2026-01-01T00:00:00Z' }),
    expect: 'skip OperationInProgress',
  },
  {
    name: 'rule 3: being deleted',
    app: application({ deletionTimestamp: '2026-01-01T00:00:00Z' }),
    with: { syncStatus: 'Synced' },
    expect: 'skip Deleting',
  },
  {
    name: 'rule 4: Synced',
    app: application(),
    with: { syncStatus: 'Synced' },
    expect: 'skip NothingToSync',
  },
  {
    name: 'rule 4: never acts on Unknown',
    app: application(),
    with: { syncStatus: 'Unknown' },
    expect: 'skip NothingToSync',
  },
  {
    name: 'rule 5: prune-only drift with prune off',
    app: application(),
    with: { resources: [extra, synced] },
    expect: 'skip OnlyPruningLeft',
  },
  {
    name: 'rule 5: prune off and nothing but Synced resources',
    app: application(),
    with: { resources: [synced] },
    expect: 'skip OnlyPruningLeft',
  },
  {
    name: 'rule 5: prune off, something else drifted too',
    app: application(),
    with: { resources: [extra, drifted] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 5: a resource without a status counts as not Synced',
    app: application(),
    with: { resources: [extra, hook] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 5: prune-only drift with prune on syncs',
    app: application({ automated: { prune: true } }),
    with: { resources: [extra, synced] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 7: a failed operation without a result counts as attempted',
    app: application({ last: { ...failed('Error'), syncResult: undefined } }),
    expect: 'refuse LastAttemptFailed: Failed last sync attempt to [abc]: boom',
  },
  {
    name: 'rule 7: a succeeded operation without a result counts as attempted',
    app: application({ last: lastSync({ syncResult: undefined }) }),
    expect: 'skip SelfHealDisabled',
  },
  {
    name: 'rule 7: an unfinished operation without a result does not count',
    app: application({ last: lastSync({ phase: 'Running', syncResult: undefined }) }),
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 8: another revision was synced',
    app: application({ last: lastSync() }),
    with: { revisions: ['def'] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 8: another revision failed',
    app: application({ last: failed('Failed') }),
    with: { revisions: ['def'] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 8: another revision, but nothing that is read changed',
    app: application({ last: lastSync() }),
    with: { revisions: ['def'], sourceMayHaveChanged: false },
    expect: 'skip SelfHealDisabled',
  },
  {
    name: 'rule 8: same revision, other source',
    app: application({ last: lastSync({ syncResult: { revision: 'abc', source: other } }) }),
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 8: same revision, other source, nothing that is read changed',
    app: application({ last: lastSync({ syncResult: { revision: 'abc', source: other } }) }),
    with: { sourceMayHaveChanged: false },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 8: an undefined member of the source is an absent one',
    app: application({
      last: lastSync({ syncResult: { revision: 'abc', source: { ...source, chart: undefined } } }),
    }),
    expect: 'skip SelfHealDisabled',
  },
  {
    name: 'rule 8: the sources of a multi-source application are compared in order',
    app: application({ spec: multi, last: multiLast }),
    with: { revisions: ['abc', 'def'] },
    expect: 'skip SelfHealDisabled',
  },
  {
    name: 'rule 8: one revision of a multi-source application moved',
    app: application({ spec: multi, last: multiLast }),
    with: { revisions: ['abc', 'new'] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 9: names all revisions',
    app: application({ spec: multi, last: { ...multiLast, phase: 'Failed', message: 'boom' } }),
    with: { revisions: ['abc', 'def'] },
    expect: 'refuse LastAttemptFailed: Failed last sync attempt to [abc def]: boom',
  },
  {
    name: 'rule 9: the same revision failed',
    app: application({ last: failed('Failed') }),
    expect: 'refuse LastAttemptFailed: Failed last sync attempt to [abc]: boom',
  },
  {
    name: 'rule 9: an error is as final as a failure, also with self-heal',
    app: application({ automated: selfHeal, last: failed('Error') }),
    expect: 'refuse LastAttemptFailed: Failed last sync attempt to [abc]: boom',
  },
  {
    name: 'rule 10: synced, drifted, self-heal off',
    app: application({ last: lastSync() }),
    expect: 'skip SelfHealDisabled',
  },
  {
    name: 'rule 11: the first healing waits for nothing',
    app: application({ automated: selfHeal, last: healed(0, 0) }),
    expect: 'sync SelfHeal',
  },
  ...[
    { attempts: 1, seconds: 2 },
    { attempts: 2, seconds: 6 },
    { attempts: 3, seconds: 18 },
    { attempts: 4, seconds: 54 },
    { attempts: 5, seconds: 162 },
    { attempts: 6, seconds: 300 },
    { attempts: 60, seconds: 300 },
  ].flatMap(({ attempts, seconds }): Case[] => [
    {
      name: `rule 11: after ${attempts} healings waits ${seconds} s`,
      app: application({ automated: selfHeal, last: healed(attempts, 1) }),
      expect: `retry-at SelfHealBackoff: ${seconds - 1}`,
    },
    {
      name: `rule 11: after ${attempts} healings and ${seconds} s heals again`,
      app: application({ automated: selfHeal, last: healed(attempts, seconds) }),
      expect: 'sync SelfHeal',
    },
  ]),
  {
    name: 'rule 11: a fixed delay applies when the backoff is off',
    app: application({ automated: selfHeal, last: healed(0, 1) }),
    with: { selfHeal: { delayMs: 5000, backoffMs: 0, factor: 3, capMs: 300_000 } },
    expect: 'retry-at SelfHealBackoff: 4',
  },
  {
    name: 'rule 11: an end that was not recorded does not block healing for ever',
    app: application({ automated: selfHeal, last: { ...healed(3, 0), finishedAt: undefined } }),
    expect: 'sync SelfHeal',
  },
  {
    name: 'rule 12: everything would be pruned',
    app: application({ automated: { prune: true } }),
    with: { resources: [extra] },
    expect:
      'refuse WouldPruneEverything: Skipping sync attempt to [abc]: auto-sync will wipe out all resources',
  },
  {
    name: 'rule 12: an empty list counts as everything',
    app: application({ automated: { prune: true } }),
    with: { resources: [] },
    expect:
      'refuse WouldPruneEverything: Skipping sync attempt to [abc]: auto-sync will wipe out all resources',
  },
  {
    name: 'rule 12: allowEmpty permits it',
    app: application({ automated: { prune: true, allowEmpty: true } }),
    with: { resources: [extra] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 12: one other resource lifts the brake',
    app: application({ automated: { prune: true } }),
    with: { resources: [extra, hook] },
    expect: 'sync OutOfSync',
  },
  {
    name: 'rule 12: comes after the self-heal delay',
    app: application({ automated: { prune: true, selfHeal: true }, last: healed(1, 1) }),
    with: { resources: [extra] },
    expect: 'retry-at SelfHealBackoff: 1',
  },
];

for (const c of cases)
  test(`auto-sync ${c.name}`, () => {
    const decision = decideAutoSync(input(c.app, c.with));
    const detail =
      decision.type === 'refuse'
        ? `: ${decision.message}`
        : decision.type === 'retry-at'
          ? `: ${(decision.atMs - NOW) / 1000}`
          : '';
    assert.equal(`${decision.type} ${decision.reason}${detail}`, c.expect);
  });

function operationOf(app: Application, parts: Partial<AutoSyncInput> = {}) {
  const decision = decideAutoSync(input(app, parts));
  assert.equal(decision.type, 'sync');
  return decision.type === 'sync' ? decision.operation : undefined;
}

test('auto-sync rule 6: the operation of a single source', () => {
  assert.deepEqual(operationOf(application()), {
    sync: { source, revision: 'abc', prune: false },
    initiatedBy: { automated: true },
    retry: { limit: 5 },
  });
});

test('auto-sync rule 6: options, retry and prune are copied, several sources stand in sources', () => {
  const app = application({
    spec: {
      ...multi,
      syncPolicy: {
        automated: { prune: true },
        syncOptions: ['Validate=false'],
        retry: { limit: 2 },
      },
    },
  });
  assert.deepEqual(operationOf(app, { revisions: ['abc', 'def'] }), {
    sync: {
      sources: [source, other],
      revisions: ['abc', 'def'],
      prune: true,
      syncOptions: ['Validate=false'],
    },
    initiatedBy: { automated: true },
    retry: { limit: 2 },
  });
});

test('auto-sync rule 6: a hydrated application syncs from where the hydrator writes', () => {
  const drySource = { repoURL: 'https://git.example/dry', path: 'dry', targetRevision: 'main' };
  const app = application({
    spec: { sourceHydrator: { drySource, syncSource: { targetBranch: 'env', path: 'out' } } },
  });
  assert.deepEqual(operationOf(app)?.sync?.source, {
    repoURL: 'https://git.example/dry',
    path: 'out',
    targetRevision: 'env',
  });
});

test('auto-sync rule 11: healing selects whatever is not Synced, by group, kind and name only', () => {
  const app = application({ automated: selfHeal, last: healed(2, 60) });
  const operation = operationOf(app, { resources: [drifted, synced, hook, { kind: 'Service' }] });
  assert.equal(operation?.sync?.autoHealAttemptsCount, 3);
  assert.deepEqual(operation?.sync?.resources, [
    { group: 'apps', kind: 'Deployment', name: 'api' },
    { group: 'batch', kind: 'Job', name: 'migrate' },
    { group: '', kind: 'Service', name: '' },
  ]);
});

test('auto-sync rule 11: a sync of a new revision is not a healing', () => {
  const operation = operationOf(application({ automated: selfHeal, last: healed(2, 60) }), {
    revisions: ['def'],
  });
  assert.equal(operation?.sync?.autoHealAttemptsCount, undefined);
  assert.equal(operation?.sync?.resources, undefined);
});
