import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../objects/json.ts';
import { uncomparedPart } from './compared-spec.ts';
import { instanceName, matchesNamespace, parseInstanceName } from './names.ts';
import { normaliseSpec } from './normalise-spec.ts';
import { parseApplication } from './parse.ts';
import { higherLevel, refreshNeeded, type RefreshNeed } from './refresh.ts';
import { isMultiSource, sourcesOf } from './sources.ts';
import type { Application, ApplicationSource, ApplicationSpec } from './types.ts';
import { validateStructure } from './validate.ts';

const source: ApplicationSource = { repoURL: 'https://g/web', path: 'deploy' };
const other: ApplicationSource = { repoURL: 'https://g/other', path: 'x' };
const valid: ApplicationSpec = { project: 'default', source, destination: { name: 'in-cluster' } };
const hydrator = (syncSource: object = {}): ApplicationSpec => ({
  ...valid,
  sourceHydrator: {
    drySource: { repoURL: 'https://g/dry', targetRevision: 'main', path: 'x' },
    syncSource: { targetBranch: 'env', path: 'web', ...syncSource },
  },
});
const hydrated = { repoURL: 'https://g/dry', targetRevision: 'env', path: 'web' };

describe('sources', () => {
  const cases: readonly (readonly [
    name: string,
    spec: ApplicationSpec,
    sources: readonly object[],
  ])[] = [
    ['source', valid, [source]],
    ['sources go before source', { ...valid, sources: [other, source] }, [other, source]],
    ['an empty list does not', { ...valid, sources: [] }, [source]],
    ['a hydrator goes before both', { ...hydrator(), sources: [other] }, [hydrated]],
    [
      'a hydrator with a repository of its own',
      hydrator({ repoURL: 'https://g/wet' }),
      [{ ...hydrated, repoURL: 'https://g/wet' }],
    ],
    ['an empty repository is none', hydrator({ repoURL: '' }), [hydrated]],
    ['none at all', { ...valid, source: undefined }, []],
  ];
  for (const [name, spec, expected] of cases)
    test(name, () => assert.deepEqual(sourcesOf(spec), expected));

  test('one source in the list is several sources', () => {
    assert.equal(isMultiSource({ ...valid, sources: [other] }), true);
    assert.equal(isMultiSource({ ...hydrator(), sources: [other] }), false);
  });
});

describe('instance names', () => {
  for (const [namespace, instance] of [
    ['argocd', 'web'],
    ['team', 'team_web'],
  ] as const)
    test(`web in ${namespace} is ${instance}, and back`, () => {
      assert.equal(instanceName({ name: 'web', namespace }, 'argocd'), instance);
      assert.deepEqual(parseInstanceName(instance, 'argocd'), { namespace, name: 'web' });
    });

  for (const [pattern, namespace, matches] of [
    ['team-*', 'team-a', true],
    ['team-*', 'other', false],
    ['/^team-[ab]$/', 'team-a', true],
    ['/^team-[ab]$/', 'team-c', false],
    ['/[/', '[', false],
  ] as const)
    test(`${pattern} ${matches ? 'permits' : 'does not permit'} ${namespace}`, () => {
      assert.equal(matchesNamespace(pattern, namespace), matches);
    });
});

describe('normal form of a spec', () => {
  const cases: readonly (readonly [name: string, given: JsonObject, normal: JsonObject])[] = [
    ['an empty project is default', { project: '' }, { project: 'default' }],
    ['an empty policy is absent', { syncPolicy: {} }, { syncPolicy: undefined }],
    [
      'a policy with an empty list of options is absent',
      { syncPolicy: { syncOptions: [] } },
      { syncPolicy: undefined },
    ],
    [
      'an empty automated block switches it on and stays',
      { syncPolicy: { automated: {} } },
      { syncPolicy: { automated: {} } },
    ],
    [
      'blocks that say nothing are absent',
      {
        source: {
          ...source,
          helm: { releaseName: '', valueFiles: [] },
          kustomize: { forceCommonLabels: true, commonLabels: {} },
          directory: { recurse: false, jsonnet: {} },
        } as unknown as JsonObject,
      },
      { source: source as unknown as JsonObject },
    ],
    [
      'blocks that say something stay',
      {
        source: {
          ...source,
          helm: { valuesObject: {} },
          directory: { exclude: '*.md' },
          plugin: {},
        } as unknown as JsonObject,
      },
      {
        source: {
          ...source,
          helm: { valuesObject: {} },
          directory: { exclude: '*.md' },
          plugin: {},
        } as unknown as JsonObject,
      },
    ],
  ];
  for (const [name, given, normal] of cases)
    test(name, () => {
      const spec = { ...valid, ...given } as ApplicationSpec;
      const once = normaliseSpec(spec);
      assert.deepEqual(
        JSON.parse(JSON.stringify(once)),
        JSON.parse(JSON.stringify({ ...valid, ...normal })),
      );
      assert.equal(normaliseSpec(once), once, 'normalising twice is normalising once');
    });

  test('a spec in normal form is returned as it is', () => {
    assert.equal(normaliseSpec(valid), valid);
  });
});

describe('structure of a spec', () => {
  const chart = { repoURL: 'https://charts', chart: 'web' };
  const cases: readonly (readonly [
    name: string,
    spec: ApplicationSpec,
    messages: readonly string[],
  ])[] = [
    ['nothing is wrong', valid, []],
    [
      'no source at all',
      { ...valid, source: undefined },
      ['spec.source.repoURL and either spec.source.path or spec.source.chart are required'],
    ],
    [
      'neither path nor chart',
      { ...valid, source: { repoURL: 'https://g/web' } },
      ['spec.source.repoURL and either spec.source.path or spec.source.chart are required'],
    ],
    [
      'a chart without a version',
      { ...valid, source: chart },
      ['spec.source.targetRevision is required if the manifest source is a helm chart'],
    ],
    [
      'a source with a ref needs no path',
      { ...valid, sources: [source, { repoURL: 'https://g/values', ref: 'values' }] },
      [],
    ],
    [
      'one of several is incomplete',
      { ...valid, sources: [source, { repoURL: 'https://g/x' }] },
      [
        'spec.source.repoURL and either source.path, source.chart, or source.ref are required for source https://g/x',
      ],
    ],
    [
      'two sources with one ref',
      { ...valid, sources: [source, { ...other, ref: 'a' }, { ...other, ref: 'a' }] },
      ['invalid sources: multiple sources had the same `ref` key'],
    ],
    [
      'a ref that is no name',
      { ...valid, sources: [source, { ...other, ref: 'a/b' }, { ...other, ref: 'a_B-1' }] },
      ["sources.ref a/b cannot contain any special characters except '_' and '-'"],
    ],
    [
      'a hydrator without branches',
      {
        ...valid,
        sourceHydrator: {
          drySource: { repoURL: '', targetRevision: '', path: '' },
          syncSource: { targetBranch: '', path: 'web' },
          hydrateTo: { targetBranch: '' },
        },
      },
      [
        'spec.sourceHydrator.drySource.repoURL is required',
        'spec.sourceHydrator.syncSource.targetBranch is required',
        'when spec.sourceHydrator.hydrateTo is set, spec.sourceHydrator.hydrateTo.targetBranch is required',
      ],
    ],
  ];
  for (const [name, spec, messages] of cases)
    test(name, () => {
      assert.deepEqual(
        validateStructure(spec),
        messages.map((message) => ({ type: 'InvalidSpecError', message })),
      );
    });
});

describe('what was compared', () => {
  const { destination } = valid;
  const cases: readonly (readonly [
    name: string,
    spec: ApplicationSpec,
    compared: Parameters<typeof uncomparedPart>[1],
    part: ReturnType<typeof uncomparedPart>,
  ])[] = [
    ['never', valid, undefined, 'source'],
    ['the spec as it is', valid, { source, destination }, undefined],
    ['another source', valid, { source: other, destination }, 'source'],
    ['another destination', valid, { source, destination: { name: 'x' } }, 'destination'],
    [
      'other ignored differences',
      { ...valid, ignoreDifferences: [{ kind: 'Pod' }] },
      { source, destination },
      'ignoreDifferences',
    ],
    ['one source, now several', { ...valid, sources: [source] }, { source, destination }, 'source'],
    [
      'several sources',
      { ...valid, sources: [source, other] },
      { sources: [source, other], destination },
      undefined,
    ],
    ['the source that a hydrator writes', hydrator(), { source: hydrated, destination }, undefined],
    ['another branch of a hydrator', hydrator(), { source, destination }, 'source'],
    [
      'a block that says nothing',
      { ...valid, source: { ...source, helm: {} } },
      { source, destination },
      undefined,
    ],
  ];
  for (const [name, spec, compared, part] of cases)
    test(name, () => assert.equal(uncomparedPart(spec, compared), part));
});

describe('refresh', () => {
  const MINUTE = 60_000;
  const at = (minutes: number) => new Date(minutes * MINUTE).toISOString();
  const compared = { status: 'Synced', comparedTo: { source, destination: valid.destination } };

  interface Case {
    readonly name: string;
    readonly annotation?: string;
    readonly spec?: Partial<ApplicationSpec>;
    readonly status?: object;
    readonly options?: Partial<Parameters<typeof refreshNeeded>[1]>;
    readonly expected: RefreshNeed;
  }
  const normal = (level: RefreshNeed['level'], reason: RefreshNeed['reason']): RefreshNeed => ({
    level,
    reason,
    type: 'normal',
  });
  const cases: readonly Case[] = [
    { name: 'nothing to do', expected: normal('none', 'Nothing') },
    {
      name: 'an event',
      options: { requested: 'recent' },
      expected: normal('recent', 'Event'),
    },
    { name: 'asked', annotation: 'normal', expected: normal('forced', 'RefreshRequested') },
    { name: 'asked oddly', annotation: 'now!', expected: normal('forced', 'RefreshRequested') },
    {
      name: 'asked hard',
      annotation: 'hard',
      expected: { level: 'forced', reason: 'RefreshRequested', type: 'hard' },
    },
    { name: 'never compared', status: {}, expected: normal('forced', 'SourceChanged') },
    {
      name: 'another source',
      spec: { source: other },
      expected: normal('forced', 'SourceChanged'),
    },
    {
      name: 'resync due',
      status: { sync: compared, reconciledAt: at(5) },
      expected: normal('latest', 'ResyncDue'),
    },
    {
      name: 'resync switched off',
      status: { sync: compared, reconciledAt: at(5) },
      options: { resyncMs: 0 },
      expected: normal('none', 'Nothing'),
    },
    {
      name: 'no time of a comparison, resync switched off',
      status: { sync: compared },
      options: { resyncMs: 0 },
      expected: normal('latest', 'ResyncDue'),
    },
    {
      name: 'hard resync due',
      status: { sync: compared, reconciledAt: at(5) },
      options: { hardResyncMs: 4 * MINUTE },
      expected: { level: 'latest', reason: 'HardResyncDue', type: 'hard' },
    },
    {
      name: 'another destination',
      spec: { destination: { name: 'x' } },
      options: { requested: 'recent' },
      expected: normal('latest', 'DestinationChanged'),
    },
    {
      name: 'other metadata of the namespace than in the last sync',
      spec: { syncPolicy: { managedNamespaceMetadata: { labels: { a: 'b' } } } },
      status: {
        sync: compared,
        reconciledAt: at(9),
        operationState: {
          operation: {},
          phase: 'Succeeded',
          startedAt: at(1),
          syncResult: { managedNamespaceMetadata: { labels: { a: 'c' } } },
        },
      },
      expected: normal('latest', 'NamespaceMetadataChanged'),
    },
    {
      name: 'other ignored differences',
      spec: { ignoreDifferences: [{ kind: 'Pod' }] },
      expected: normal('latest', 'IgnoreDifferencesChanged'),
    },
  ];
  for (const { name, annotation, spec, status, options, expected } of cases)
    test(name, () => {
      const app = parsed({
        annotation,
        spec: { ...valid, ...spec },
        status: status ?? { sync: compared, reconciledAt: at(9) },
      });
      const need = refreshNeeded(app, {
        nowMs: 10 * MINUTE,
        resyncMs: 3 * MINUTE,
        hardResyncMs: 0,
        requested: 'none',
        parseTime: (text) => Date.parse(text),
        ...options,
      });
      assert.deepEqual(need, expected);
    });

  test('of two levels the closer look wins', () => {
    assert.equal(higherLevel('recent', 'forced'), 'forced');
    assert.equal(higherLevel('latest', 'recent'), 'latest');
  });
});

function parsed(given: {
  readonly annotation: string | undefined;
  readonly spec: object;
  readonly status: object;
}): Application {
  const annotations =
    given.annotation === undefined ? {} : { 'argocd.argoproj.io/refresh': given.annotation };
  const result = parseApplication({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd', annotations },
    spec: given.spec as JsonObject,
    status: given.status as JsonObject,
  });
  return result.type === 'ok' ? result.application : assert.fail(JSON.stringify(result.problems));
}
