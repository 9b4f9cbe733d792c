import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { parseApplication, parseProject, type Problem } from './parse.ts';

const object = (kind: string, body: JsonObject): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind,
  metadata: { name: 'web', namespace: 'argocd', uid: 'u', resourceVersion: '7' },
  ...body,
});
const source = { repoURL: 'https://git.example/web.git', path: 'deploy' };
const valid = { project: 'default', source, destination: { name: 'in-cluster' } };
const application = (body: JsonObject) => object('Application', body);

function problemsOf(raw: KubeObject): readonly Problem[] {
  const parsed = raw.kind === 'AppProject' ? parseProject(raw) : parseApplication(raw);
  assert.equal(parsed.type, 'invalid');
  return parsed.type === 'invalid' ? parsed.problems : [];
}

function parse(body: JsonObject) {
  const parsed = parseApplication(application(body));
  if (parsed.type === 'ok') return parsed.application;
  return assert.fail(JSON.stringify(parsed.problems));
}

describe('a malformed object is refused with the field and the reason', () => {
  const cases: readonly (readonly [path: string, message: string, spec: JsonValue])[] = [
    ['spec', 'is required', null],
    ['spec', 'must be a map, is "x"', 'x'],
    ['spec.destination', 'is required', { project: 'default' }],
    ['spec.project', 'must be text, is 5', { ...valid, project: 5 }],
    [
      'spec.syncPolicy.retry.limit',
      'must be a whole number, is "x"',
      { ...valid, syncPolicy: { retry: { limit: 'x' } } },
    ],
    [
      'spec.syncPolicy.retry.limit',
      'must be a whole number, is 1.5',
      { ...valid, syncPolicy: { retry: { limit: 1.5 } } },
    ],
    ['spec.sources[1].repoURL', 'is required', { ...valid, sources: [source, {}] }],
    [
      'spec.source.kustomize.replicas[0].count',
      'must be a whole number or text, is true or false',
      { ...valid, source: { ...source, kustomize: { replicas: [{ name: 'a', count: true }] } } },
    ],
    [
      'spec.source.helm.valuesObject',
      'must be a map',
      { ...valid, source: { ...source, helm: { valuesObject: 'a: b' } } },
    ],
    [
      'spec.source.helm.valueFiles',
      'must be a list, is "a.yaml"',
      { ...valid, source: { ...source, helm: { valueFiles: 'a.yaml' } } },
    ],
  ];
  for (const [path, message, spec] of cases)
    test(`${path} ${message}`, () => {
      assert.deepEqual(problemsOf(application({ spec })), [{ path, message }]);
    });

  test('every problem is told, also those of the operation', () => {
    const raw = application({
      spec: { ...valid, project: 5, destination: [] },
      operation: { sync: { prune: 'yes' } },
    });
    assert.deepEqual(
      problemsOf(raw).map(({ path }) => path),
      ['spec.project', 'spec.destination', 'operation.sync.prune'],
    );
  });

  test('an object of another kind', () => {
    const path = 'kind';
    assert.deepEqual(problemsOf({ ...application({ spec: valid }), apiVersion: 'apps/v1' }), [
      { path, message: 'must be Application of argoproj.io, is apps/v1 Application' },
    ]);
  });

  test('a window of an unknown kind', () => {
    assert.deepEqual(
      problemsOf(object('AppProject', { spec: { syncWindows: [{ kind: 'maybe' }] } })),
      [{ path: 'spec.syncWindows[0].kind', message: 'must be one of allow, deny, is "maybe"' }],
    );
  });
});

test('unknown fields are passed over', () => {
  assert.deepEqual(parse({ spec: { ...valid, new: 1 }, more: {} }).spec, valid);
});

test('null means absent, but stays in values of Helm', () => {
  const helm = { valuesObject: { a: null, b: [null] }, releaseName: null };
  const { spec } = parse({
    spec: { ...valid, syncPolicy: null, source: { ...source, helm } },
    operation: null,
  });
  assert.deepEqual(spec, {
    ...valid,
    source: { ...source, helm: { valuesObject: { a: null, b: [null] } } },
  });
});

test('what the API server fills in may be missing from a file', () => {
  const parsed = parseApplication({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web' },
    spec: valid,
  });
  assert.ok(parsed.type === 'ok');
  const { namespace, uid, annotations, finalizers } = parsed.application.metadata;
  assert.deepEqual(
    { namespace, uid, annotations, finalizers },
    {
      namespace: '',
      uid: '',
      annotations: {},
      finalizers: [],
    },
  );
});

describe('a status that makes no sense is as good as absent, part by part', () => {
  const health = { status: 'Healthy' };
  const entry = { id: 0, revision: 'a', deployedAt: '2026-01-01T00:00:00Z' };
  const cases: readonly (readonly [name: string, status: JsonValue, read: object])[] = [
    ['text', 'x', {}],
    ['a list', [], {}],
    ['a broken part beside a good one', { health, sync: { status: 'Odd' } }, { health }],
    ['a null', { health, reconciledAt: null, sync: null }, { health }],
    [
      'a broken item of a list',
      { history: [entry, { id: 'x' }, 5, { ...entry, id: 1 }] },
      { history: [entry, { ...entry, id: 1 }] },
    ],
    ['a broken operation state', { operationState: { phase: 'Running' } }, {}],
  ];
  for (const [name, status, read] of cases)
    test(name, () => assert.deepEqual(parse({ spec: valid, status }).status, read));

  test('any JSON at all', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (status, part) => {
        parse({ spec: valid, status: status as JsonValue });
        const { health: read } = parse({
          spec: valid,
          status: { health, conditions: part as JsonValue, operationState: part as JsonValue },
        }).status;
        assert.deepEqual(read, health);
      }),
    );
  });
});

test('parsing never throws, whatever stands in the spec', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (spec, operation) => {
      parseApplication(application({ spec: spec as JsonValue, operation: operation as JsonValue }));
      parseProject(object('AppProject', { spec: spec as JsonValue }));
    }),
  );
});

test('parsing what was parsed changes nothing', () => {
  const { spec } = parse({ spec: { ...valid, info: [{ name: 'a', value: 'b' }] } });
  assert.deepEqual(parse({ spec: spec as unknown as JsonObject }).spec, spec);
});
