import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { deepFreeze } from '../objects/freeze.ts';
import type { JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { assessHealth, HOOK_FINALIZER, isPendingDeletion } from './assess-health.ts';
import { HEALTH_ORDER } from './worse-of.ts';

// testdata/<Kind>/<expected>-<why>.yaml: adding a case is adding a file. `None` is no health at all.
// A first line `# message: …` says what the message is, if any.
const folder = join(import.meta.dirname, 'testdata');
const readText = (kind: string, file: string) => readFileSync(join(folder, kind, file), 'utf8');
const read = (kind: string, file: string) => load(readText(kind, file)) as KubeObject;

const kinds = readdirSync(folder);
for (const kind of kinds)
  describe(kind, () => {
    for (const file of readdirSync(join(folder, kind))) {
      const [expected = '', ...why] = file.replace(/\.yaml$/, '').split('-');
      test(`is ${expected}: ${why.join(' ')}`, () => {
        const object = read(kind, file);
        assert.equal(object.kind, kind);
        const health = assessHealth(object);
        assert.equal(health?.status ?? 'None', expected, health?.message);
        const message = /^# message:(.*)/.exec(readText(kind, file))?.[1];
        if (message !== undefined) assert.equal(health?.message ?? '', message.trim());
      });
    }
  });

describe('messages', () => {
  const cases: readonly (readonly [kind: string, file: string, message: string | undefined])[] = [
    ['Deployment', 'Suspended-paused', 'Deployment is paused'],
    [
      'Deployment',
      'Progressing-new-replicas',
      'Waiting for rollout to finish: 1 out of 3 new replicas have been updated...',
    ],
    [
      'Deployment',
      'Progressing-old-replicas',
      'Waiting for rollout to finish: 1 old replicas are pending termination...',
    ],
    [
      'Deployment',
      'Progressing-not-available',
      'Waiting for rollout to finish: 0 of 1 updated replicas are available...',
    ],
    ['Deployment', 'Degraded-deadline-exceeded', 'Deployment "web" exceeded its progress deadline'],
    ['Deployment', 'Healthy-all-available', undefined],
    [
      'StatefulSet',
      'Progressing-not-observed',
      'Waiting for statefulset spec update to be observed...',
    ],
    ['StatefulSet', 'Progressing-not-ready', 'Waiting for 1 pods to be ready...'],
    [
      'StatefulSet',
      'Healthy-partition-done',
      'partitioned roll out complete: 1 new pods have been updated...',
    ],
    ['Pod', 'Degraded-image-missing', 'no such image'],
    ['Pod', 'Degraded-init-cannot-start', 'CreateContainerConfigError'],
    ['Pod', 'Degraded-failed-with-exit-code', 'container "bad" failed with exit code 3'],
    ['Pod', 'Degraded-out-of-memory', 'OOMKilled'],
    ['PersistentVolumeClaim', 'Unknown-no-status', 'status.phase is not set'],
    ['Workflow', 'Unknown-odd-phase', 'status.phase is not known: constructor'],
    ['CronJob', 'Healthy-suspended', 'CronJob is Suspended'],
    ['HorizontalPodAutoscaler', 'Progressing-no-conditions', 'Waiting to Autoscale'],
    ['APIService', 'Progressing-not-available', 'MissingEndpoints: none'],
    ['APIService', 'Progressing-no-conditions', 'Waiting to be processed'],
    ['Application', 'Degraded-its-own-words', 'Caused by apps/Deployment:web/api'],
    ['Application', 'Progressing-new-source', 'waiting for the comparison with its new source'],
    ['Application', 'Unknown-malformed', 'spec.project must be text, is 5'],
  ];
  for (const [kind, file, message] of cases)
    test(`${kind} ${file}`, () => {
      assert.equal(assessHealth(read(kind, `${file}.yaml`))?.message, message);
    });
});

describe('before the rule of the kind', () => {
  const leaving = (finalizers: readonly string[]): KubeObject => ({
    ...read('Job', 'Healthy-complete.yaml'),
    metadata: { name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers },
  });

  test('an object that is being deleted is Progressing', () => {
    assert.deepEqual(assessHealth(leaving([])), {
      status: 'Progressing',
      message: 'Pending deletion',
      rule: 'deletion',
    });
  });

  test('a null time of deletion is none', () => {
    const job = read('Job', 'Healthy-complete.yaml');
    const kept = { ...job, metadata: { name: 'x', deletionTimestamp: null } };
    assert.equal(assessHealth(kept as unknown as KubeObject)?.status, 'Healthy');
  });

  test('unless it is a hook that is kept until its result is read', () => {
    assert.equal(assessHealth(leaving([HOOK_FINALIZER]))?.status, 'Healthy');
  });

  test('a kind without a rule has no health', () => {
    const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } };
    assert.equal(assessHealth(map), undefined);
    const other: KubeObject = { ...map, apiVersion: 'example.io/v1', kind: 'Deployment' };
    assert.equal(assessHealth(other), undefined);
  });

  test('a rule names itself', () => {
    const rules = [
      ['Deployment', 'Healthy-all-available', 'built-in apps/Deployment'],
      ['Pod', 'Unknown-no-status', 'built-in Pod'],
      ['Certificate', 'Healthy-ready', 'table cert-manager.io/Certificate'],
      ['StorageAccount', 'Healthy-ready', 'table *.azure.com/*'],
      ['Zone', 'Healthy-ready', 'generic'],
    ] as const;
    for (const [kind, file, rule] of rules)
      assert.equal(assessHealth(read(kind, `${file}.yaml`))?.rule, rule);
  });

  test('what could not be judged says so beyond its status', () => {
    const [unread, unknown] = ['Unknown-beta', 'Healthy-able'].map((file) =>
      assessHealth(read('HorizontalPodAutoscaler', `${file}.yaml`)),
    );
    assert.equal(unread?.problem, unread?.message);
    assert.ok(unread?.problem);
    assert.equal(unknown?.problem, undefined);
  });
});

describe('properties', () => {
  const metadata = fc.record(
    {
      name: fc.jsonValue(),
      generation: fc.jsonValue(),
      annotations: fc.jsonValue(),
      finalizers: fc.jsonValue(),
      deletionTimestamp: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const examples = kinds.flatMap((kind) =>
    readdirSync(join(folder, kind)).map((file) => read(kind, file)),
  );
  const example = fc.constantFrom(...examples);

  test('whatever JSON it is, nothing is thrown', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (anything) => {
        const health = assessHealth(anything as unknown as KubeObject);
        assert.ok(health === undefined || HEALTH_ORDER.includes(health.status));
      }),
    );
    for (const odd of [undefined, null, 1, 'x', [], {}, { apiVersion: 'v1', kind: 'Pod' }])
      assert.equal(assessHealth(odd as unknown as KubeObject), undefined);
  });

  test('whatever stands in metadata, spec and status, nothing is thrown', () => {
    fc.assert(
      fc.property(
        example,
        fc.jsonValue(),
        fc.jsonValue(),
        fc.jsonValue(),
        metadata,
        (object, spec, status, conditions, meta) => {
          for (const odd of [
            { ...object, metadata: meta },
            { ...object, spec, status, metadata: meta },
            { ...object, spec, status },
            { ...object, spec, status: { conditions } },
            { ...object, spec, status: { conditions: [{ type: 'Ready', status, reason: spec }] } },
          ]) {
            const health = assessHealth(odd as unknown as KubeObject);
            assert.ok(health === undefined || HEALTH_ORDER.includes(health.status));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('what is wrong anywhere in a known object is not thrown either', () => {
    fc.assert(
      fc.property(example, fc.nat(), fc.jsonValue(), (object, seed, value) => {
        const odd = replaceOne(object as JsonValue, seed, value as JsonValue);
        const health = assessHealth(odd as KubeObject);
        assert.ok(health === undefined || HEALTH_ORDER.includes(health.status));
      }),
      { numRuns: 2_000 },
    );
  });

  test('the same object is judged the same, in whatever order its keys stand', () => {
    fc.assert(
      fc.property(example, (object) => {
        const health = assessHealth(object);
        assert.deepEqual(assessHealth(structuredClone(object)), health);
        assert.deepEqual(assessHealth(reversed(object) as KubeObject), health);
      }),
    );
  });

  test('objects are not changed', () => {
    fc.assert(
      fc.property(example, (object) => {
        assert.deepEqual(assessHealth(deepFreeze(structuredClone(object))), assessHealth(object));
      }),
    );
  });

  test('deletion wins over whatever the rule of the kind says', () => {
    fc.assert(
      fc.property(example, fc.string(), fc.array(fc.string()), (object, time, finalizers) => {
        const { metadata: before } = object;
        const leaving = { ...object, metadata: { ...before, deletionTimestamp: time, finalizers } };
        assert.ok(isPendingDeletion(leaving));
        assert.equal(assessHealth(leaving)?.message, 'Pending deletion');
        const held = { ...leaving.metadata, finalizers: [...finalizers, HOOK_FINALIZER] };
        assert.ok(!isPendingDeletion({ ...leaving, metadata: held }));
      }),
    );
  });

  test('a condition about an earlier spec never makes an object of the generic rule Healthy', () => {
    const type = fc.constantFrom(
      'Ready',
      'Available',
      'Succeeded',
      'Complete',
      'Accepted',
      'Failed',
    );
    fc.assert(
      fc.property(
        fc.array(type, { minLength: 1 }),
        fc.integer({ min: 1, max: 9 }),
        (types, seen) => {
          const conditions = types.map((name) => ({
            type: name,
            status: 'True',
            observedGeneration: seen,
          }));
          const object = {
            apiVersion: 'example.com/v1',
            kind: 'Zone',
            metadata: { name: 'x', generation: seen + 1 },
            status: { conditions },
          };
          assert.equal(assessHealth(object)?.status, 'Progressing');
        },
      ),
    );
  });
});

/** The value with the member that is the n-th of all of them replaced. */
function replaceOne(value: JsonValue, nth: number, by: JsonValue): JsonValue {
  const copy = structuredClone(value) as unknown;
  const places: (() => void)[] = [];
  const visit = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, member] of Object.entries(at)) {
      places.push(() => Object.assign(at, { [key]: by }));
      visit(member);
    }
  };
  visit(copy);
  places[nth % places.length]?.();
  return copy as JsonValue;
}

/** The value with the keys of all its objects in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([key, member]) => [key, reversed(member)]));
}
