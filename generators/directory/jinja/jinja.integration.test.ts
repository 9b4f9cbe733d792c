import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { DirectorySource, JinjaSource } from '../../../operator/core/app/types.ts';
import { hasCode, type TiphysError } from '../../../operator/core/errors.ts';
import { isJsonObject } from '../../../operator/core/objects/json.ts';
import type { KubeObject } from '../../../operator/core/objects/kube-object.ts';
import type { Generated, Generator, GenerateRequest } from '../../../operator/ports/generator.ts';
import { type Files, openWorkshop, type Workshop } from '../../testing/workshop.ts';
import { createDirectoryGenerator } from '../index.ts';
import { processFlags } from './templates.ts';

// Templates in the process that renders them, with its real limits.

const signal = AbortSignal.timeout(300_000);

describe('Jinja2 templates', () => {
  let workshop: Workshop;
  let generator: Generator;

  before(async () => {
    workshop = await openWorkshop();
    const { tool } = workshop;
    const jinja = { ...tool, timeoutMs: 3_000, maxHeapMiB: 64 };
    generator = createDirectoryGenerator({ jinja, maxBytes: 1_000_000 });
  });
  after(async () => {
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  function render(
    files: Files,
    jinja: JinjaSource = {},
    request: Partial<GenerateRequest> = {},
    directory: DirectorySource = {},
  ): Promise<Generated> {
    const source = { path: 'app', directory: { ...directory, jinja } };
    return workshop.generate(generator, files, source, { request }, signal);
  }
  const map = (data: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata:\n  v: ${data}\n`;
  function valueOf(object: KubeObject | undefined): unknown {
    const data = object?.['data'] ?? null;
    return isJsonObject(data) ? data['v'] : undefined;
  }
  async function value(expression: string, jinja: JinjaSource = {}, more: Files = {}) {
    const { objects } = await render(
      { 'app/m.yaml.j2': map(`{{ ${expression} }}`), ...more },
      jinja,
    );
    return valueOf(objects[0]);
  }
  function fails(promise: Promise<unknown>, code: TiphysError['code'], message: RegExp) {
    return assert.rejects(promise, (error) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(error.message, message);
      assert.doesNotMatch(`${error.message}${error.hint}`, /tiphys-|\/tmp|node_modules/);
      return true;
    });
  }

  test('become objects, with conditions, loops, includes, macros and inheritance', async () => {
    const { objects } = await render(
      {
        'app/all.yaml.j2': `{% from "_parts.j2" import named %}
{% for name, port in services.items() %}
---
{{ named(name) }}
spec: {ports: [{port: {{ port }}}]}
{% endfor %}
{% if off %}
---
never: here
{% endif %}
`,
        'app/_parts.j2':
          '{% macro named(name) %}\napiVersion: v1\nkind: Service\nmetadata: {name: {{ name }}-{{ suffix }}}\n{% endmacro %}\n{% set suffix = "s" %}',
        'app/child.json.j2': '{% extends "base/_base.j2" %}{% block name %}"child"{% endblock %}',
        'app/base/_base.j2':
          '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":{% block name %}"x"{% endblock %}}}',
        'app/plain.yaml': map('"{{ not.a.template }}"'),
        'app/none.yaml.jinja2': '{% if off %}x{% endif %}',
        'app/values.yaml': 'services: {b: 80, a: 81}\noff: false\n',
      },
      { valueFiles: ['values.yaml'] },
    );
    assert.deepEqual(
      objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
      ['Service/b-s', 'Service/a-s', 'ConfigMap/child', 'ConfigMap/m'],
    );
  });

  test('are text without spec.source.directory.jinja', async () => {
    const files = { 'app/m.yaml.j2': 'kind: {{ x }}', 'app/m.yaml': map('a') };
    const source = { path: 'app' };
    const { objects } = await workshop.generate(generator, files, source, {}, signal);
    assert.equal(objects.length, 1);
  });

  test('values come from files in their order, of other sources too, and then from parameters', async () => {
    const files = {
      'app/m.yaml.j2': map(`'{{ [a, map, list] | tojson }}'`),
      'app/one.yaml': 'a: one\nmap: {x: 1, b: 1}\nlist: [1, 2]\n',
      'two.json': '{"map": {"b": 2, "z": {"deep": true}}, "list": [3]}',
    };
    const refs = new Map([
      ['cfg', await workshop.tree({ 'web/c.yaml': 'map: {from: ref}\n' }, signal)],
    ]);
    const { objects } = await render(
      files,
      {
        valueFiles: ['one.yaml', '/two.json', '$cfg/$ARGOCD_APP_NAME/c.yaml', 'no.yaml'],
        ignoreMissingValueFiles: true,
        parameters: [
          { name: 'map.z.deep', value: 'false' },
          { name: 'map.app', value: '$ARGOCD_APP_NAME' },
          { name: 'map.n', value: '3' },
          { name: 'map.s', value: '3', forceString: true },
        ],
      },
      { refs, multipleSources: true },
    );
    assert.deepEqual(JSON.parse(String(valueOf(objects[0]))), [
      'one',
      { x: 1, b: 2, z: { deep: false }, from: 'ref', app: 'web', n: 3, s: '3' },
      [3],
    ]);
  });

  test('include templates of library folders', async () => {
    const lib = { 'shared/_x.j2': 'shared', 'other/_y.j2': 'other' };
    const include = { 'app/m.yaml.j2': map('{% include "_x.j2" %}') };
    const { objects } = await render({ ...include, ...lib }, { libs: ['shared'] });
    assert.deepEqual(objects[0]?.['data'], { v: 'shared' });
    await fails(
      render({ ...include, ...lib }),
      'RenderFailed',
      /^app\/m\.yaml\.j2: .*template not found: _x\.j2/,
    );
    await fails(render(include, { libs: ['../x'] }), 'UnsafePath', /libs: \.\.\/x leads outside/);
  });

  test('know the words of Python', async () => {
    const words = `[True, None, "a b".upper(), " x ".strip(), {"k": 1}.get("z", 5), [1, 2][-1]] | tojson`;
    assert.equal(await value(`'x' if "abc".startswith("ab") else 'y'`), 'x');
    assert.deepEqual(await value(words), [true, null, 'A B', 'x', 5, 2]);
    assert.equal(await value(`"päss" | b64encode`), 'cMOkc3M=');
  });

  describe('say what is wrong', () => {
    const cases: readonly (readonly [string, string, TiphysError['code'], RegExp])[] = [
      [
        'an unknown value',
        '{{ nope }}',
        'RenderFailed',
        /^app\/m\.yaml\.j2:5: attempted to output null or undefined/,
      ],
      [
        'a member of an unknown value',
        '{{ nope.name }}',
        'RenderFailed',
        /^app\/m\.yaml\.j2:5: attempted/,
      ],
      ['broken syntax', '{% if %}', 'RenderFailed', /^app\/m\.yaml\.j2:5: /],
      ['an unknown filter', '{{ 1 | nope }}', 'RenderFailed', /filter not found: nope/],
      [
        'an include that is not there',
        '{% include "n.j2" %}',
        'RenderFailed',
        /template not found: n\.j2/,
      ],
      [
        'an include of itself',
        '{% include "m.yaml.j2" %}',
        'RenderFailed',
        /^app\/m\.yaml\.j2: .*more than 50 templates deep/s,
      ],
      [
        'no manifest',
        '1\n---\nx',
        'InvalidManifest',
        /^output of app\/m\.yaml\.j2: document 2: is not an object/,
      ],
    ];
    for (const [name, text, code, message] of cases) {
      test(name, () => fails(render({ 'app/m.yaml.j2': map(text) }), code, message));
    }
    test('values that are no map, or missing', async () => {
      const files = { 'app/m.yaml.j2': map('a'), 'app/l.yaml': '[1]' };
      await fails(
        render(files, { valueFiles: ['l.yaml'] }),
        'InvalidManifest',
        /l\.yaml: values must be one map/,
      );
      await fails(
        render(files, { valueFiles: ['n.yaml'] }),
        'PathNotFound',
        /"n\.yaml" does not exist/,
      );
      await fails(
        render(files, { parameters: [{ name: 'a..b', value: '' }] }),
        'InvalidSpec',
        /"a\.\.b" is no name/,
      );
    });
  });

  describe('are harmless', () => {
    // Each of these leads to Function, to a prototype or to a global object in a bare nunjucks.
    const ways = [
      `"".constructor`,
      `"".constructor.constructor("return 1")()`,
      `[].constructor`,
      `({}).constructor`,
      `{}["__proto__"]`,
      `range.constructor("return 1")()`,
      `range.call`,
      `range["__proto__"]`,
      `joiner(",").constructor`,
      `cycler("a").next.constructor`,
      `constructor`,
      `__proto__`,
      `toString`,
      `hasOwnProperty("x")`,
      `globalThis`,
      `process`,
      `require("fs")`,
      `this`,
      `context`,
      `env`,
      `runtime`,
      `(1).constructor`,
      `true.constructor`,
      `"x".at.constructor`,
      `"x".match("x")`,
      `"x".normalize`,
      `[1].map`,
      `[1].push(2)`,
      `({"a": 1}).valueOf`,
      `r/x/.constructor`,
      `"x" | constructor`,
      `("x" | safe).constructor`,
      `"x".toString.constructor`,
    ];
    for (const way of ways) {
      test(`${way} leads nowhere`, () =>
        assert.rejects(value(way), (error) => hasCode(error, 'RenderFailed')));
    }

    test('no code is made from text, even where a function is reached', async () => {
      // A macro is a function of the process; what it leads to must not be there.
      const text = '{% macro m() %}{% endmacro %}{{ m.constructor("return 1")() }}';
      await fails(render({ 'app/m.yaml.j2': map(text) }), 'RenderFailed', /undefined or falsey/);
    });

    test('the process has no files, no processes, no threads and makes no code', async () => {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [...processFlags(64), '--input-type=module', '--eval', ESCAPES],
        { env: {} },
      );
      assert.deepEqual(JSON.parse(stdout), {
        file: 'ERR_ACCESS_DENIED',
        write: 'ERR_ACCESS_DENIED',
        child: 'ERR_ACCESS_DENIED',
        thread: 'ERR_ACCESS_DENIED',
        code: 'EvalError',
        eval: 'EvalError',
      });
    });

    test('files are no templates: neither outside of the source nor of the machine', async () => {
      for (const name of [
        '/etc/hostname',
        '../secret.j2',
        '../../../../etc/hostname',
        'file:///etc/hostname',
      ]) {
        await fails(
          render({ 'app/m.yaml.j2': map(`{% include "${name}" %}`), 'secret.j2': 's' }),
          'RenderFailed',
          /template not found/,
        );
      }
      await fails(
        render({ 'app/m.yaml.j2': { linkTo: '/etc/hostname' } }),
        'UnsafePath',
        /illegal filepath in symlink/,
      );
      await fails(
        render({ 'app/m.yaml.j2': map('a') }, { valueFiles: ['../../x.yaml'] }),
        'UnsafePath',
        /outside repository root/,
      );
    });

    test('one that never ends is stopped', () =>
      fails(
        render({
          'app/m.yaml.j2':
            '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}',
        }),
        'Timeout',
        /^app: templates took longer than 3000 ms/,
      ));
    test('one that takes all memory is stopped', () =>
      fails(
        render({ 'app/m.yaml.j2': '{% for a in range(1000000000) %}{% endfor %}' }),
        'LimitExceeded',
        /^app: templates need more than 64 MiB/,
      ));
    test('one that writes without end is stopped', () =>
      fails(
        render({
          'app/m.yaml.j2': '{% for a in range(3000) %}{{ "x".repeat(1000) }}\n{% endfor %}',
        }),
        'LimitExceeded',
        /^app: exceeded max combined manifest file size/,
      ));
    test('one that writes much more is stopped before', () =>
      fails(
        render({
          'app/m.yaml.j2': '{% for a in range(9000) %}{{ "x".repeat(1000) }}\n{% endfor %}',
        }),
        'LimitExceeded',
        /^app: templates make more than 1000000 bytes/,
      ));
    test('templates that are too large together are refused', () =>
      fails(
        render({ 'app/m.yaml.j2': map('a'), 'app/_big.j2': 'x'.repeat(1_000_001) }),
        'LimitExceeded',
        /1000000 bytes/,
      ));
  });
});

/** What a template would do that got past every look-up. */
const ESCAPES = `
import { readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
const ways = {
  file: () => readFileSync('/etc/hostname'),
  write: () => writeFileSync('/tmp/escaped', ''),
  child: () => execFileSync('/bin/true'),
  thread: () => new Worker('1', { eval: true }),
  code: () => new Function('return 1')(),
  eval: () => (0, eval)('1'),
};
const found = {};
for (const [name, way] of Object.entries(ways)) {
  try { way(); found[name] = 'open'; } catch (error) { found[name] = error.code ?? error.name; }
}
console.log(JSON.stringify(found));
`;
