import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { load } from 'js-yaml';
import type { HealthStatusCode } from '../app/types.ts';
import { isJsonObject } from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';
import { assessHealth } from './assess-health.ts';
import { isBuiltInGroup } from './generic.ts';
import { judgeByTable } from './judge-by-table.ts';
import { isAboutSpec, knownKind, PROJECTS } from './table.ts';
import type { Step, TableRow } from './table-row.ts';

const rows = PROJECTS.flatMap(({ rows: own }) => own);
const namesOf = (row: TableRow): readonly string[] =>
  row.groups.flatMap((group) => row.kinds.map((kind) => `${group}/${kind}`));

describe('the table', () => {
  test('has each kind once', () => {
    const names = rows.flatMap(namesOf);
    assert.deepEqual(
      names.filter((name, index) => names.indexOf(name) !== index),
      [],
    );
  });

  test('says nothing of kinds that Kubernetes itself serves', () => {
    assert.deepEqual(rows.flatMap(({ groups }) => groups).filter(isBuiltInGroup), []);
  });

  test('is asked from the closest pattern to the widest', () => {
    const patternOf = (group: string, kind: string) => knownKind({ group, kind })?.name;
    for (const [group, kind, pattern] of [
      ['cert-manager.io', 'Certificate', 'cert-manager.io/Certificate'],
      ['cert-manager.io', 'Other', undefined],
      ['eventing.knative.dev', 'Broker', 'eventing.knative.dev/*'],
      ['rds.aws.upbound.io', 'Instance', '*.upbound.io/*'],
      ['aws.upbound.io', 'ProviderConfig', '*.upbound.io/ProviderConfig'],
      ['pkg.crossplane.io', 'Provider', 'pkg.crossplane.io/Provider'],
      ['crossplane.io', 'Any', undefined],
      ['xcrossplane.io', 'Any', undefined],
      [
        'core.cnrm.cloud.google.com',
        'ConfigConnector',
        'core.cnrm.cloud.google.com/ConfigConnector',
      ],
      ['sql.cnrm.cloud.google.com', 'SQLInstance', '*.cnrm.cloud.google.com/*'],
      ['karpenter.azure.com', 'AKSNodeClass', 'karpenter.azure.com/AKSNodeClass'],
      ['storage.azure.com', 'StorageAccount', '*.azure.com/*'],
      ['example.com', 'constructor', undefined],
    ] as const)
      assert.equal(patternOf(group, kind), pattern, `${group}/${kind}`);
  });

  test('can use every step: none stands behind one that always applies', () => {
    for (const row of rows) {
      const last = row.steps.findIndex(({ type }) => type === 'otherwise');
      assert.ok(last < 0 || last === row.steps.length - 1, namesOf(row)[0]);
    }
  });
});

/** What the steps can come to; out-of-date conditions apart. */
function outcomesOf(steps: readonly Step[]): ReadonlySet<HealthStatusCode> {
  return new Set(
    steps.flatMap((step): readonly HealthStatusCode[] => {
      switch (step.type) {
        case 'condition':
        case 'is':
        case 'present':
        case 'absent':
        case 'fewer':
        case 'otherwise':
          return [step.means];
        case 'newest':
          return Object.values(step.conditions);
        case 'every':
          return [step.failed, 'Progressing', 'Healthy'];
        case 'observed':
        case 'fraction':
          return ['Progressing'];
        case 'words':
          return Object.values(step.words);
        case 'each':
          return [...outcomesOf(step.steps)];
      }
    }),
  );
}

describe('a status about an earlier spec says nothing of this one', () => {
  for (const { row, object, name } of knownCases()) {
    if (row.steps.length === 0 || !isJsonObject(object['status'])) continue;
    if (object.metadata.deletionTimestamp !== undefined) continue;
    const status = { ...object['status'], observedGeneration: 8 };
    const stale = { ...object, metadata: { ...object.metadata, generation: 9 }, status };
    test(name, () => {
      const judged = assessHealth(stale)?.status;
      if (row.hasForeignGeneration) {
        assert.equal(judged, assessHealth(object)?.status);
        return;
      }
      if (row.steps.some(({ type }) => type === 'observed')) {
        // Written by hand: what is paused, or refused for good, may stand before it.
        assert.notEqual(judged, 'Healthy');
        return;
      }
      const own = row.steps.findIndex((step) => !isAboutSpec(step));
      const bySpec = judgeByTable(row.steps.slice(0, own), stale);
      assert.equal(judged, bySpec?.status ?? 'Progressing');
    });
  }
});

describe('testdata', () => {
  const cases = new Map<TableRow, KubeObject[]>();
  for (const { row, object } of knownCases()) cases.set(row, [...(cases.get(row) ?? []), object]);

  for (const row of rows) {
    const objects = cases.get(row) ?? [];
    test(`shows all that can be said of ${namesOf(row)[0]}`, () => {
      const shown = objects.map((object) => assessHealth(object)?.status ?? 'None');
      const outcomes = row.steps.length === 0 ? ['None' as const] : [...outcomesOf(row.steps)];
      assert.deepEqual(
        outcomes.filter((outcome) => !shown.includes(outcome)),
        [],
      );
    });

    test(`has a case that each step for ${namesOf(row)[0]} decides`, () => {
      const decides = (index: number) => (object: KubeObject) =>
        judgeByTable(row.steps.slice(0, index), object) === undefined &&
        judgeByTable(row.steps.slice(index, index + 1), object) !== undefined;
      assert.deepEqual(
        row.steps.filter((_, index) => !objects.some(decides(index))),
        [],
      );
    });
  }
});

interface KnownCase {
  readonly name: string;
  readonly row: TableRow;
  readonly object: KubeObject;
}

/** What stands in the folder and a row of the table judges. */
function knownCases(): readonly KnownCase[] {
  const folder = join(import.meta.dirname, 'testdata');
  return readdirSync(folder).flatMap((kind) =>
    readdirSync(join(folder, kind)).flatMap((file) => {
      const object = load(readFileSync(join(folder, kind, file), 'utf8')) as KubeObject;
      const row = knownKind({ group: groupOf(object.apiVersion), kind: object.kind })?.row;
      return row === undefined ? [] : [{ name: `${kind}/${file}`, row, object }];
    }),
  );
}
