import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { isJsonObject, type JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { eventually, met, pending } from '../../../e2e/language/expectation.ts';
import { compareObject, FIELD_MANAGER, predictsChange } from './compare-object.ts';
import { type Arbiter, startArbiter } from './testing/arbiter.ts';
import { edited, EDITS, inOrder, refusal } from './testing/edits.ts';
import { objectArbitrary } from './testing/generate-object.ts';
import { parseTypeSchemas, type TypeSchema } from './type-schema.ts';

// Custom resources, whose types are known only to the cluster.

const signal = AbortSignal.timeout(600_000);

const shapes: JsonObject = {
  type: 'object',
  properties: {
    size: { type: 'string', default: 'small' },
    port: { 'x-kubernetes-int-or-string': true },
    byName: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name', 'protocol'],
      items: {
        type: 'object',
        required: ['name'],
        properties: {
          name: { type: 'string' },
          protocol: { type: 'string', default: 'TCP' },
          value: { type: 'integer', default: 1 },
        },
      },
    },
    tags: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
    steps: {
      type: 'array',
      'x-kubernetes-list-type': 'atomic',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          retries: { type: 'integer', default: 3 },
          options: {
            type: 'object',
            default: {},
            properties: { quiet: { type: 'boolean', default: false } },
          },
        },
      },
    },
    plain: { type: 'array', items: { type: 'string' } },
    reference: {
      type: 'object',
      'x-kubernetes-map-type': 'atomic',
      properties: { name: { type: 'string' }, namespace: { type: 'string' } },
    },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    amount: { type: 'string' },
    empty: { type: 'object', properties: { a: { type: 'string' } } },
    maybe: { type: 'string', nullable: true },
    template: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};

const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: {
    openAPIV3Schema: { type: 'object', properties: { spec: shapes, status: { type: 'object' } } },
  },
});

const definition = (kind: string, versions: readonly object[]): KubeObject =>
  ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.toLowerCase()}s.example.com` },
    spec: {
      group: 'example.com',
      names: { kind, plural: `${kind.toLowerCase()}s` },
      scope: 'Namespaced',
      conversion: { strategy: 'None' },
      versions,
    },
  }) as unknown as KubeObject;

const things = definition('Thing', [version('v1', true), version('v1beta1', false)]);
const loose = definition('Loose', [
  {
    name: 'v1',
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
  },
]);

const thing = (spec: JsonObject, name: string, apiVersion = 'example.com/v1'): KubeObject => ({
  apiVersion,
  kind: 'Thing',
  metadata: { name, namespace: 'default' },
  spec,
});

describe('custom resources', () => {
  let arbiter: Arbiter;
  let schema: TypeSchema;
  let number = 0;

  before(async () => {
    arbiter = await startArbiter(signal);
    for (const object of [things, loose]) await arbiter.apply(object);
    schema = await schemaOf('example.com/v1/Thing', 'reference');
    await schemaOf('example.com/v1/Loose', '');
    await arbiter.rediscover();
  });
  after(async () => {
    await arbiter[Symbol.asyncDispose]();
  });

  /** The API server publishes the types some time after it serves the kind. */
  async function schemaOf(kind: string, field: string): Promise<TypeSchema> {
    let found: TypeSchema | undefined;
    await eventually(
      async () => {
        const document = await arbiter.client.openApi('apis/example.com/v1', signal);
        const type = parseTypeSchemas(document).get(kind);
        const spec = type?.fields?.get('spec');
        if (type === undefined || (field !== '' && spec?.fields?.has(field) !== true))
          return pending(`the schema of ${kind} is not published`);
        found = type;
        return met();
      },
      { signal, withinMs: 60_000 },
    );
    assert.ok(found);
    return found;
  }

  interface Case {
    readonly name: string;
    readonly applied: JsonObject;
    readonly desired: JsonObject;
    /** Without asking the API server. */
    readonly local: readonly string[];
    readonly final: 'equal' | 'different';
    /** Without the schema; default: as with it. */
    readonly localWithout?: readonly string[];
  }

  const same = (name: string, applied: JsonObject, more: Partial<Case> = {}): Case => ({
    name,
    applied,
    desired: applied,
    local: [],
    final: 'equal',
    ...more,
  });

  const cases: readonly Case[] = [
    same('defaults', { port: 80 }),
    same(
      'a list by keys with defaults in keys and values',
      { byName: [{ name: 'a' }, { name: 'b', protocol: 'UDP' }] },
      { localWithout: ['spec.byName'] },
    ),
    same(
      'defaults within a list that is replaced as a whole',
      { steps: [{ name: 'a' }, { options: {} }] },
      { localWithout: ['spec.steps'] },
    ),
    same('unknown fields that are kept', { free: { a: { b: [1, { c: null }] } } }),
    same('empty maps, lists and texts are kept as they are', {
      labels: {},
      plain: [],
      amount: '',
      empty: {},
    }),
    same('null where it may be', { maybe: null }),
    {
      name: 'another order of a list by keys',
      applied: {
        byName: [
          { name: 'a', value: 1 },
          { name: 'b', value: 2 },
        ],
      },
      desired: {
        byName: [
          { name: 'b', value: 2 },
          { name: 'a', value: 1 },
        ],
      },
      local: [],
      localWithout: ['spec.byName'],
      final: 'equal',
    },
    {
      name: 'another order of a set',
      applied: { tags: ['a', 'b'] },
      desired: { tags: ['b', 'a'] },
      local: [],
      localWithout: ['spec.tags'],
      final: 'equal',
    },
    {
      name: 'another order of a plain list',
      applied: { plain: ['a', 'b'] },
      desired: { plain: ['b', 'a'] },
      local: ['spec.plain'],
      final: 'different',
    },
    {
      name: 'text and number are not the same, also where both may be',
      applied: { port: 80 },
      desired: { port: '80' },
      local: ['spec.port'],
      final: 'different',
    },
    {
      name: 'an amount is a text to the API server',
      applied: { amount: '1000m' },
      desired: { amount: '1' },
      local: ['spec.amount'],
      final: 'different',
    },
    {
      name: 'a member less of what is replaced as a whole',
      applied: { reference: { name: 'a', namespace: 'b' } },
      desired: { reference: { name: 'a' } },
      local: ['spec.reference'],
      final: 'different',
    },
    {
      name: 'an item less of a list by keys',
      applied: { byName: [{ name: 'a' }, { name: 'b' }] },
      desired: { byName: [{ name: 'a' }] },
      local: ['spec.byName[{"name":"b","protocol":"TCP"}]'],
      final: 'different',
      localWithout: ['spec.byName', 'spec.byName[{"name":"b","protocol":"TCP"}]'],
    },
    {
      name: 'a default that was written out and is left to the API server now',
      applied: { size: 'small', port: 1 },
      desired: { port: 1 },
      local: ['spec.size'],
      final: 'equal',
    },
    {
      name: 'an empty map instead of none',
      applied: { port: 1 },
      desired: { port: 1, labels: {} },
      local: ['spec.labels'],
      final: 'different',
    },
  ];

  for (const c of cases)
    test(c.name, async () => {
      number += 1;
      const name = `thing-${number}`;
      await arbiter.apply(thing(c.applied, name));
      const desired = thing(c.desired, name);
      const live = await arbiter.live(desired);
      const judged = await arbiter.judge(desired, live, { schema });
      assert.equal(judged.type, c.final);
      assert.deepEqual(judged.suspected, c.local);
      const without = await arbiter.judge(desired, live);
      assert.equal(without.type, c.final);
      assert.deepEqual(without.suspected, c.localWithout ?? c.local);
    });

  test('settings say which fields are amounts and times, and what a template is', async () => {
    const spec = {
      amount: '1000m',
      template: { spec: { containers: [{ name: 'a', resources: { limits: { cpu: 1 } } }] } },
    };
    await arbiter.apply(thing(spec, 'known'));
    const desired = thing(
      {
        amount: '1',
        template: {
          spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1000m' } } }] },
        },
      },
      'known',
    );
    const live = await arbiter.live(desired);
    const known = await arbiter.judge(desired, live, {
      schema,
      knownTypeFields: [
        { field: 'spec.amount', type: 'core/Quantity' },
        { field: 'spec.template.spec', type: 'core/v1/PodSpec' },
      ],
    });
    assert.deepEqual(known.suspected, []);
    const unknown = await arbiter.judge(desired, live, { schema });
    assert.deepEqual(unknown.suspected, ['spec.amount', 'spec.template.spec.containers']);
  });

  test('an object in Git under another version of its kind', async () => {
    const applied = thing({ port: 80, plain: ['a'] }, 'versions', 'example.com/v1beta1');
    await arbiter.apply(applied);
    const live = await arbiter.live(thing({}, 'versions'));
    assert.equal((await arbiter.judge(applied, live, { schema })).type, 'equal');
    const dropped = thing({ port: 80 }, 'versions', 'example.com/v1beta1');
    const verdict = await arbiter.judge(dropped, live, { schema });
    assert.deepEqual(verdict.suspected, ['spec.plain']);
    assert.equal(verdict.type, 'different');
  });

  test('generated ones: nothing that is applied differs, nothing that differs is called equal', async (t) => {
    const document = await arbiter.client.openApi('apis/example.com/v1', signal);
    const bodies = objectArbitrary(document, 'com.example.v1.Thing', { spec: {} });
    const totals = { objects: 0, asked: 0, askedWithout: 0, others: 0, equal: 0 };
    const named = ({ spec = {} }: JsonObject, name: string): KubeObject =>
      thing(isJsonObject(spec) ? spec : {}, name);

    const expectNoFalseEqual = async (desired: KubeObject, live: KubeObject): Promise<void> => {
      totals.others += 1;
      const outcomes = [{ schema }, {}].map(
        (options) => compareObject(desired, live, { fieldManager: FIELD_MANAGER, ...options }).type,
      );
      if (!outcomes.includes('equal')) return;
      const predicted = await arbiter.apply(desired, { dryRun: true }).catch(refusal);
      if (predicted === undefined) return;
      // An empty set or list by keys that somebody else left in `spec` belongs to nobody: applying
      // `spec: {}` over it, the API server takes the whole `spec` away, and the next apply sets it again.
      if (predicted['spec'] === undefined) return;
      totals.equal += 1;
      const changes = predictsChange(inOrder(predicted, schema), inOrder(live, schema));
      assert.equal(changes, false, `false equal: ${JSON.stringify({ desired, live, outcomes })}`);
    };

    await fc.assert(
      fc.asyncProperty(bodies, bodies, EDITS, async (body, other, edits) => {
        number += 1;
        const name = `thing-${number}`;
        const desired = named(body, name);
        if ((await arbiter.apply(desired).catch(refusal)) === undefined) return fc.pre(false);
        totals.objects += 1;
        const live = await arbiter.live(desired);
        for (const options of [{ schema }, {}]) {
          const verdict = await arbiter.judge(desired, live, options);
          assert.equal(verdict.type, 'equal', JSON.stringify({ desired, live, verdict }));
          totals[options.schema === undefined ? 'askedWithout' : 'asked'] +=
            verdict.suspected.length;
        }
        const variants = [other, ...edits.map((edit) => edited(body, edit))];
        for (const next of variants) await expectNoFalseEqual(named(next, name), live);
        for (const next of variants) {
          const written = await arbiter
            .apply(named(next, name), { manager: 'somebody-else' })
            .catch(refusal);
          if (written !== undefined) await expectNoFalseEqual(desired, await arbiter.live(desired));
        }
        await arbiter.remove(desired);
      }),
      {
        numRuns: process.env['TIPHYS_SOAK'] === '1' ? 500 : 40,
        maxSkipsPerRun: 60,
        endOnFailure: true,
      },
    );
    t.diagnostic(JSON.stringify(totals));
    assert.ok(totals.equal > 10);
  });

  test('a kind that keeps whatever it is given', async () => {
    const object: KubeObject = {
      apiVersion: 'example.com/v1',
      kind: 'Loose',
      metadata: { name: 'loose', namespace: 'default' },
      anything: { a: [1, 'x', { b: {} }], empty: {}, none: [] },
      text: '',
    };
    await arbiter.apply(object);
    const live = await arbiter.live(object);
    assert.deepEqual(await arbiter.judge(object, live), {
      type: 'equal',
      paths: [],
      suspected: [],
      certain: true,
    });
    const { text: _text, ...less } = object;
    assert.equal((await arbiter.judge(less as KubeObject, live)).type, 'different');
  });
});
