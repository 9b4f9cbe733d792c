import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../core/objects/json.ts';
import { createCelEvaluator } from './cel-health.ts';

const cel = createCelEvaluator();
const widget: JsonObject = {
  metadata: { name: 'web-1', generation: 3, labels: { 'app.kubernetes.io/name': 'web' } },
  spec: { replicas: 3, ratio: 0.5, version: 'v1.30.2', none: null },
  status: {
    replicas: 2,
    phase: 'Running',
    observedGeneration: 3,
    big: 9007199254740994,
    conditions: [
      { type: 'Ready', status: 'True', message: 'all is well' },
      { type: 'Stalled', status: 'False' },
    ],
  },
};

describe('expressions on obj', () => {
  const cases: readonly [string, boolean][] = [
    ['obj.status.replicas >= 1', true],
    ['obj.status.replicas == obj.spec.replicas', false],
    [
      'obj.status.replicas < obj.spec.replicas && obj.status.replicas + 1 == obj.spec.replicas',
      true,
    ],
    ['obj.spec.ratio < 1', true],
    ['obj.status.replicas > 1.5', true],
    ['obj.status.replicas == 2.0', true],
    ['obj.status.big == 9007199254740994', true],
    ['has(obj.status.nothing)', false],
    ['!has(obj.spec.none) && obj.spec.none == null', true],
    ['!has(obj.status) || obj.status.phase == "Failed"', false],
    ['obj.status.conditions.exists(c, c.type == "Ready" && c.status == "True")', true],
    ['obj.status.conditions.all(c, c.status == "True")', false],
    ['obj.status.conditions.exists_one(c, c.type == "Ready")', true],
    ['obj.status.conditions.filter(c, c.status == "True").map(c, c.type) == ["Ready"]', true],
    ['size(obj.status.conditions) == 2', true],
    ['obj.metadata.labels["app.kubernetes.io/name"] == "web"', true],
    ['obj.spec.version.matches("^v1\\\\.[0-9]+")', true],
    ['obj.status.phase in ["Running", "Succeeded"]', true],
    ['obj.metadata.name.split("-")[1] == "1"', true],
    ['obj.metadata.name.startsWith("web") && obj.metadata.name.lowerAscii() == "web-1"', true],
    ['int(obj.metadata.name.substring(4)) == 1', true],
    ['type(obj.status.replicas) == int && type(obj.spec.ratio) == double', true],
    [
      'timestamp("2026-01-01T00:00:00Z") + duration("1h") > timestamp("2026-01-01T00:30:00Z")',
      true,
    ],
    ['obj.status.phase == "Running" || obj.status.nothing == 1', true],
  ];
  for (const [when, expected] of cases)
    test(when, () => {
      const rules = [{ status: 'Healthy', when }] as const;
      assert.deepEqual(cel.check(rules), []);
      assert.deepEqual(cel.health(rules, widget), {
        type: 'value',
        value: expected ? { status: 'Healthy' } : undefined,
      });
    });
});

describe('the first rule that is true decides', () => {
  const rules = [
    { status: 'Degraded', when: 'obj.phase == "Failed"', message: '"it failed: " + obj.reason' },
    { status: 'Healthy', when: 'obj.phase == "Done"' },
    { status: 'Progressing', when: 'true', message: '"phase " + obj.phase' },
  ] as const;
  const cases: readonly [JsonObject, object][] = [
    [
      { phase: 'Failed', reason: 'no disk' },
      { status: 'Degraded', message: 'it failed: no disk' },
    ],
    [{ phase: 'Done' }, { status: 'Healthy' }],
    [{ phase: 'Busy' }, { status: 'Progressing', message: 'phase Busy' }],
  ];
  for (const [object, value] of cases)
    test(JSON.stringify(object), () =>
      assert.deepEqual(cel.health(rules, object), { type: 'value', value }),
    );

  test('none is true: no health', () => {
    assert.deepEqual(cel.health(rules.slice(0, 2), { phase: 'Busy' }), {
      type: 'value',
      value: undefined,
    });
  });
});

describe('what fails on an object names its rule', () => {
  const cases: readonly [string, string | undefined, string][] = [
    ['obj.status.nothing == 1', undefined, 'Healthy: field not found: nothing'],
    ['obj.status.phase', undefined, 'Healthy: yields a text, not a boolean'],
    ['1 / 0 == 1', undefined, 'Healthy: int divide by zero'],
    ['true', 'obj.status.replicas', 'message of Healthy: yields an int, not a text'],
    ['true', 'obj.status', 'message of Healthy: yields a list, map or message, not a text'],
    ['true', 'obj.spec.none', 'message of Healthy: yields null, not a text'],
  ];
  for (const [when, message, reason] of cases)
    test(reason, () => {
      const rule = { status: 'Healthy', when, ...(message !== undefined && { message }) } as const;
      assert.deepEqual(cel.health([rule], widget), { type: 'failed', kind: 'run', reason });
    });
});

describe('expressions are checked without an object', () => {
  const cases: readonly [string, string][] = [
    ['obj.status.', 'does not compile: <input>:1:11: found . but expecting end of input'],
    ['1 +', 'does not compile: <input>:1:3: found + but expecting end of input'],
    ['', 'does not compile: <input>:1:1: found end of input'],
    ['object.status.phase == "x"', 'does not compile: unknown variable object'],
    ['nope(obj)', 'does not compile: unknown function nope'],
    ['obj.status.phase.nope()', 'does not compile: unknown function nope'],
    ['obj.list.exists(c, c == d)', 'does not compile: unknown variable d'],
    ['{"a": b}.a == [c][0]', 'does not compile: unknown variable b, unknown variable c'],
    ['a.b.c(1)', 'does not compile: unknown function c, unknown variable a'],
  ];
  for (const [when, reason] of cases)
    test(when, () => {
      const rules = [
        { status: 'Healthy', when: 'true' },
        { status: 'Degraded', when },
      ] as const;
      assert.deepEqual(cel.check(rules), [`Degraded: ${reason}`]);
      const outcome = cel.health([rules[1]], {});
      assert.deepEqual(outcome, { type: 'failed', kind: 'compile', reason: `Degraded: ${reason}` });
    });

  test('messages are checked too', () => {
    const rules = [{ status: 'Healthy', when: 'x', message: 'y' }] as const;
    assert.deepEqual(cel.check(rules), [
      'Healthy: does not compile: unknown variable x',
      'message of Healthy: does not compile: unknown variable y',
    ]);
  });
});

test('a regular expression that others take for ever over takes no time', () => {
  const rules = [{ status: 'Healthy', when: 'obj.text.matches("^(a+)+$")' }] as const;
  assert.deepEqual(cel.health(rules, { text: `${'a'.repeat(10_000)}b` }), {
    type: 'value',
    value: undefined,
  });
});

describe('texts and lists that get too large', () => {
  const big = '"xxxxxxxxxx"' + '.split("").map(a, "xxxxxxxxxx").join()'.repeat(1);
  const doubled = (times: number, seed: string, value: string) =>
    Array.from({ length: times }).reduce<string>((inner) => `[${inner}].map(s, s + s)[0]`, seed) +
    value;
  const cases: readonly string[] = [
    doubled(24, '"x"', '.size() > 0'),
    doubled(24, '[1]', '.size() > 0'),
    doubled(24, 'b"x"', '.size() > 0'),
    doubled(
      16,
      '"x"',
      '.replace("x", "y".replace("y", "0123456789012345678901234567890123456789")) == ""',
    ),
    `[${doubled(19, '"x"', '')}].map(s, [s, s, s, s].join(s))[0] == ""`,
    `[${doubled(19, '"x"', '')}].map(s, "%s%s%s".format([s, s, s]))[0] == ""`,
    `${doubled(16, '["x"]', '')}.join(${doubled(8, '"y"', '')}) == ""`,
  ];
  for (const when of cases)
    test(when.slice(-60), () => {
      const reason = 'Healthy: a text or list gets too large';
      const outcome = cel.health([{ status: 'Healthy', when }], {});
      assert.deepEqual(outcome, { type: 'failed', kind: 'budget', reason });
    });

  test('others do not', () => {
    const when = `${big} == "${'x'.repeat(100)}" && "a-b".replace("-", "+") == "a+b" && [[1]] + [[2]] == [[1], [2]]`;
    assert.deepEqual(cel.health([{ status: 'Healthy', when }], {}), {
      type: 'value',
      value: { status: 'Healthy' },
    });
  });
});
