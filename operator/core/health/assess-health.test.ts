import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { load } from 'js-yaml';
import type { KubeObject } from '../objects/kube-object.ts';
import { assessHealth, HOOK_FINALIZER } from './assess-health.ts';

// testdata/<Kind>/<expected>-<why>.yaml: adding a case is adding a file.
const folder = join(import.meta.dirname, 'testdata');
const read = (kind: string, file: string) =>
  load(readFileSync(join(folder, kind, file), 'utf8')) as KubeObject;

const kinds = readdirSync(folder);
for (const kind of kinds)
  describe(kind, () => {
    for (const file of readdirSync(join(folder, kind))) {
      const [expected = '', ...why] = file.replace(/\.yaml$/, '').split('-');
      test(`is ${expected}: ${why.join(' ')}`, () => {
        const health = assessHealth(read(kind, file));
        assert.equal(health?.status, expected);
        assert.ok(health.rule.endsWith(`/${kind}`) || health.rule === 'generic');
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
});

test('whatever stands in metadata, spec and status, nothing is thrown', () => {
  const examples = kinds.map((kind) => read(kind, readdirSync(join(folder, kind))[0] ?? ''));
  fc.assert(
    fc.property(
      fc.constantFrom(...examples),
      fc.jsonValue(),
      fc.jsonValue(),
      fc.jsonValue(),
      fc.record(
        {
          name: fc.jsonValue(),
          generation: fc.jsonValue(),
          annotations: fc.jsonValue(),
          finalizers: fc.jsonValue(),
          deletionTimestamp: fc.jsonValue(),
        },
        { requiredKeys: [] },
      ),
      (example, spec, status, conditions, metadata) => {
        assert.ok(assessHealth({ ...example, metadata } as KubeObject));
        assert.ok(assessHealth({ ...example, spec, status, metadata } as KubeObject));
        const odd = { ...example, spec, status } as KubeObject;
        assert.ok(assessHealth(odd));
        assert.ok(assessHealth({ ...odd, status: { conditions } } as KubeObject));
      },
    ),
  );
});
