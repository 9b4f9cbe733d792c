import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { loadJq } from 'jq-wasm';
import type { JsonValue } from '../../core/objects/json.ts';
import { removePaths } from '../../core/objects/json-path.ts';
import { compileJq, createJqRunner, type JqRunner, type PathsOutcome } from './jq-paths.ts';

const module = await compileJq(32 * 1024 * 1024);
let runner: JqRunner = await createJqRunner(module);
const reference = await loadJq();

function paths(expression: string, input: JsonValue): PathsOutcome {
  return runner.paths(expression, JSON.stringify(input));
}

const workload = {
  metadata: { name: 'web', annotations: { x: '1', 'a.b/c': '2' }, labels: {} },
  spec: {
    template: {
      spec: { initContainers: [{ name: 'own' }, { name: 'injected', foo: 1 }, { name: 'last' }] },
    },
    nothing: null,
  },
  webhooks: [{ name: 'a', clientConfig: { caBundle: 'x' } }, { name: 'b' }],
};
const init = ['spec', 'template', 'spec', 'initContainers'];

describe('an expression names paths', () => {
  const cases: readonly [string, readonly (readonly (string | number)[])[]][] = [
    ['.spec.template.spec.initContainers[] | select(.name == "injected")', [[...init, 1]]],
    ['.metadata.annotations["x"]', [['metadata', 'annotations', 'x']]],
    ['.metadata.annotations."a.b/c"', [['metadata', 'annotations', 'a.b/c']]],
    [
      '.webhooks[]?.clientConfig.caBundle',
      [
        ['webhooks', 0, 'clientConfig', 'caBundle'],
        ['webhooks', 1, 'clientConfig', 'caBundle'],
      ],
    ],
    [
      '.webhooks | .[]?.name?',
      [
        ['webhooks', 0, 'name'],
        ['webhooks', 1, 'name'],
      ],
    ],
    ['.. | select(type == "object" and has("foo")) | .foo', [[...init, 1, 'foo']]],
    ['.spec.nothing[]?', []],
    ['.spec.absent.deeper', [['spec', 'absent', 'deeper']]],
    [
      '.metadata.labels, .metadata.name',
      [
        ['metadata', 'labels'],
        ['metadata', 'name'],
      ],
    ],
    ['.spec.template.spec.initContainers[-1]', [[...init, 2]]],
    ['.spec.template.spec.initContainers[-9]', []],
    [
      '.spec.template.spec.initContainers[1:]',
      [
        [...init, 1],
        [...init, 2],
      ],
    ],
    ['.spec.template.spec.initContainers[:-1].name?', []],
    ['.spec.template.spec.initContainers[0:2][1].name', [[...init, 1, 'name']]],
    ['.webhooks[1:][0].name', [['webhooks', 1, 'name']]],
    ['.webhooks[0] # the first', [['webhooks', 0]]],
    ['empty', []],
    ['if .metadata.name == "web" then .spec else empty end', [['spec']]],
    ['.metadata.annotations | with_entries(.)? // .x', [['metadata', 'annotations', 'x']]],
    ['first(.webhooks[].name)', [['webhooks', 0, 'name']]],
    ['(.webhooks[] | select(.name | test("^b$"))).name', [['webhooks', 1, 'name']]],
    [
      '.webhooks[] | select(.name == ("a", "b")) | .name',
      [
        ['webhooks', 0, 'name'],
        ['webhooks', 1, 'name'],
      ],
    ],
    ['getpath(["spec", "nothing"])', [['spec', 'nothing']]],
    ['paths(type == "null") as $p | getpath($p)', [['spec', 'nothing']]],
  ];
  for (const [expression, expected] of cases)
    test(expression, () =>
      assert.deepEqual(paths(expression, workload), { type: 'value', value: expected }),
    );
});

describe('what cannot be used', () => {
  const failed = (kind: string, reason: string) => ({ type: 'failed', kind, reason });
  const cases: readonly [string, object][] = [
    ['.spec.[', failed('compile', 'does not compile: syntax error, unexpected end of file')],
    ['.spec | nope', failed('compile', 'does not compile: nope/0 is not defined')],
    [
      '.a; .b',
      failed('compile', "does not compile: syntax error, unexpected ';', expecting end of file"),
    ],
    ['', failed('compile', 'does not compile: Top-level program not given (try ".")')],
    ['# nothing', failed('compile', 'does not compile: Top-level program not given (try ".")')],
    ['import "a" as a; .', failed('compile', 'does not compile: module not found: a')],
    ['def f: .a;', failed('compile', 'does not compile: Top-level program not given (try ".")')],
    ['.spec.nothing[]', failed('run', 'Cannot iterate over null')],
    ['.metadata.name.x', failed('run', 'Cannot index string with string')],
    ['.spec | tostring', failed('run', 'Invalid path expression with result')],
    ['$ENV.HOME', failed('run', 'Invalid path expression near attempt to access element')],
    ['error({a: 1})', failed('run', 'ends with an error')],
    ['error(null)', failed('run', 'ends with an error')],
    ['.', failed('run', 'names the whole object')],
    ['..', failed('run', 'names the whole object')],
    ['input', failed('run', 'input is not allowed')],
    ['inputs.a', failed('run', 'input is not allowed')],
    ['halt', failed('run', 'halt is not allowed')],
    ['halt_error', failed('run', 'halt is not allowed')],
  ];
  for (const [expression, expected] of cases)
    test(expression, () => assert.deepEqual(paths(expression, workload), expected));

  const exhausting: readonly [string, RegExp][] = [
    ['[range(1e9)]', /not enough memory/],
    ['def f: f + f; f', /not enough memory|nested too deeply/],
    ['reduce range(1e9) as $i (""; . + "xxxxxxxxxxxxxxxx")', /not enough memory/],
  ];
  for (const [expression, reason] of exhausting)
    test(`${expression} ends for want of memory, and another runner goes on`, async () => {
      const outcome = paths(expression, workload);
      assert.ok(outcome.type === 'failed' && outcome.kind === 'budget', JSON.stringify(outcome));
      assert.match(outcome.reason, reason);
      assert.equal(runner.usable, false);
      runner = await createJqRunner(module);
      assert.equal(paths('.spec', workload).type, 'value');
    });
});

describe('results are bounded', () => {
  const bounds = { type: 'failed', kind: 'run', reason: 'result is out of bounds' };
  const list = { list: Array.from({ length: 20_000 }, (_, index) => index) };
  test('in number', () => assert.deepEqual(paths('.list[]', list), bounds));
  test('in length', () => {
    assert.deepEqual(paths('.["x" * 2e6]', {}), bounds);
    const long = paths('error("x" * 2e6)', {});
    assert.ok(JSON.stringify(long).length < 1_000);
  });
});

test('what jq stumbled over is not told: it may be secret', () => {
  const secret = { data: { password: 'c2VjcmV0' } };
  const stumbles = [
    ...['.data.password[]', '.data.password.x', '.data | tostring', '.data.password[1:] | .[0]'],
    ...['error(.data.password)', 'error(.data)', '.data.password | tonumber'],
    ...['.data - 1', '.data.password | fromjson', '.data.password | error', '{} | has(.data)'],
  ];
  for (const expression of stumbles)
    assert.doesNotMatch(JSON.stringify(paths(expression, secret)), /c2V/, expression);
});

describe('many objects at once', () => {
  const all = (expression: string, inputs: readonly JsonValue[]) =>
    runner.pathsOfAll(
      expression,
      inputs.map((input) => JSON.stringify(input)),
    );

  test('one outcome each, in order, also for those that fail', () => {
    assert.deepEqual(all('.a[] | select(. > 1)', [{ a: [1, 2] }, { a: null }, { a: [5] }, {}]), [
      { type: 'value', value: [['a', 1]] },
      { type: 'failed', kind: 'run', reason: 'Cannot iterate over null' },
      { type: 'value', value: [['a', 0]] },
      { type: 'failed', kind: 'run', reason: 'Cannot iterate over null' },
    ]);
  });

  test('an expression that does not compile fails for all', () => {
    const outcomes = all('.a[', [{}, {}]);
    assert.deepEqual(
      outcomes?.map((outcome) => outcome.type === 'failed' && outcome.kind),
      ['compile', 'compile'],
    );
  });

  test('texts with line ends and separators', () => {
    const name = '\n\u2028"\\}{ ]é😀';
    assert.deepEqual(all(`.[${JSON.stringify(name)}]`, [{ [name]: 1 }, {}]), [
      { type: 'value', value: [[name]] },
      { type: 'value', value: [[name]] },
    ]);
  });

  test('an expression whose brackets would make something else of what is around it is none', () => {
    const breakouts = [
      ...['.a)], [path(.b', '.a)] catch ., try [path(.b', '.a))] catch "x" | try ([path(empty'],
      ...['.a)] catch . | try {"a": [5]}["a"|(.', '.a) | ("x" * 1e9'],
    ];
    for (const expression of breakouts)
      for (const outcome of all(expression, [{}, {}]) ?? [])
        assert.ok(outcome.type === 'failed' && outcome.kind === 'compile', expression);
  });

  test('one that fills the memory must be found among them', async () => {
    assert.equal(all('if .big then [range(1e9)] else .a end', [{}, { big: true }]), undefined);
    assert.equal(runner.usable, false);
    runner = await createJqRunner(module);
  });
});

describe('removing the paths is what del of jq does', () => {
  const key = fc.constantFrom('a', 'b', 'c');
  const { json } = fc.letrec<{ json: JsonValue }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.integer({ min: -3, max: 3 }),
      fc.constantFrom<JsonValue>(null, true, 'x'),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(key, tie('json'), { maxKeys: 3 }),
    ),
  }));
  const step = fc.oneof(
    key.map((name) => `.${name}?`),
    fc.integer({ min: 0, max: 4 }).map((index) => `.[${index}]?`),
    fc.constantFrom('.[]?', '..', '.[-1]?', '.[1:]?', '.[:2]?', '.[-2:-1]?', '(.a?, .b?)'),
    fc.constantFrom('select(type == "number")', 'select(. == null | not)'),
  );
  const expression = fc
    .array(step, { minLength: 1, maxLength: 4 })
    .map((steps) => steps.join(' | '));

  test('for any object', () => {
    fc.assert(
      fc.property(fc.dictionary(key, json), expression, (object, text) => {
        const outcome = paths(text, object);
        if (outcome.type !== 'value') return;
        const { stdout, exitCode } = reference.raw(object, `del(${text})`, ['-c', '-S']);
        // Where jq itself stumbles over its own order of deleting there is nothing to compare with.
        if (exitCode !== 0) return;
        const left = JSON.stringify(removePaths(object, outcome.value));
        assert.deepEqual(
          JSON.parse(left),
          JSON.parse(stdout),
          `del(${text}) of ${JSON.stringify(object)}`,
        );
      }),
      { numRuns: 500 },
    );
  });

  test('numbers that jq cannot hold stay as they are', () => {
    // 2^53 + 2 is a double; jq would print 1e1000 as a smaller number.
    const object = { a: 9007199254740994, b: 1.7976931348623157e308, c: 1 };
    const outcome = paths('.c', object);
    assert.ok(outcome.type === 'value');
    assert.deepEqual(removePaths(object, outcome.value), {
      a: 9007199254740994,
      b: 1.7976931348623157e308,
    });
  });
});
