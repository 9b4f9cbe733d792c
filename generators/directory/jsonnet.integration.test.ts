import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { DirectorySource } from '../../operator/core/app/types.ts';
import { hasCode, type TiphysError } from '../../operator/core/errors.ts';
import type { JsonObject } from '../../operator/core/objects/json.ts';
import type { Generated, Generator } from '../../operator/ports/generator.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { createDirectoryGenerator } from './index.ts';

const signal = AbortSignal.timeout(300_000);

const dataOf = (object: JsonObject | undefined): JsonObject =>
  (object?.['data'] ?? {}) as JsonObject;

/** A ConfigMap in Jsonnet with this for its `data.x`. */
const map = (x: string, before = '') =>
  `${before}{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data: { x: ${x} } }`;

describe('Jsonnet, evaluated by the real program', () => {
  let workshop: Workshop;
  let generator: Generator;

  before(async () => {
    workshop = await openWorkshop();
    const program = await workshop.program('jsonnet', signal);
    generator = createDirectoryGenerator({ jsonnet: { ...workshop.tool, program } });
  });
  after(async () => {
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  const render = (
    files: Files,
    directory: DirectorySource = {},
    settings: JsonObject = {},
  ): Promise<Generated> =>
    workshop.generate(generator, files, { path: 'app', directory }, { settings }, signal);
  const valueOf = ({ objects }: Generated): unknown => dataOf(objects[0])['x'];
  const fails = (promise: Promise<unknown>, code: TiphysError['code'], message: RegExp) =>
    assert.rejects(promise, (error) => {
      assert.ok(hasCode(error, code), String(error));
      assert.match(error.message, message);
      return true;
    });

  test('one object, a list of objects, and a List are all objects', async () => {
    const generated = await render({
      'app/a.jsonnet': map("'1'"),
      'app/b.jsonnet': `[${map("'2'")}, ${map("'3'")}]`,
      'app/c.jsonnet': `{ apiVersion: 'v1', kind: 'List', items: [${map("'4'")}] }`,
      'app/never.libsonnet': 'error "rendered by itself"',
    });
    const values = generated.objects.map((object) => dataOf(object)['x']);
    assert.deepEqual(values, ['1', '2', '3', '4']);
    assert.match(generated.commands?.[0] ?? '', /^jsonnet-?\S* --jpath .\/app -- app\/a\.jsonnet$/);
  });

  test('external variables and top-level arguments, as text and as code', async () => {
    const generated = await render(
      {
        'app/a.jsonnet': map(
          "[std.extVar('text'), std.extVar('code'), text, code]",
          'function(text, code) ',
        ),
      },
      {
        jsonnet: {
          extVars: [
            { name: 'text', value: '1 + 1' },
            { name: 'code', value: '1 + 1', code: true },
          ],
          tlas: [
            { name: 'text', value: '$ARGOCD_APP_NAME in $$' },
            { name: 'code', value: '{ a: 3 }', code: true },
          ],
        },
      },
    );
    assert.deepEqual(valueOf(generated), ['1 + 1', 2, 'web in $', { a: 3 }]);
  });

  test('imports: beside the file, in libraries (the last first), as text', async () => {
    const generated = await render(
      {
        'app/sub/a.jsonnet': map(
          "[(import 'near.libsonnet'), (import 'far.libsonnet').x, importstr /* why */ '../t.txt', import \"up.libsonnet\"]",
        ),
        'app/sub/near.libsonnet': "import 'nearer.libsonnet'",
        'app/sub/nearer.libsonnet': "'near'",
        'app/up.libsonnet': "'up'",
        'app/t.txt': 'text',
        'vendor/one/far.libsonnet': "{ x: 'one' }",
        'vendor/two/far.libsonnet': "{ x: 'two' }",
      },
      { recurse: true, jsonnet: { libs: ['vendor/one', '/vendor/two'] } },
    );
    assert.deepEqual(valueOf(generated), ['near', 'two', 'text', 'up']);
  });

  const escapes: readonly (readonly [string, string])[] = [
    ['an absolute path', "importstr '/etc/hostname'"],
    ['folders above the root', "importstr '../../../../etc/hostname'"],
    ['an escaped slash', 'importstr "\\u002fetc/hostname"'],
    ['a comment in between', "importstr // c'\n/* ' */ # \"\n '/etc/hostname'"],
    ['a raw text', '(importstr @"/etc/hostname")'],
    ['bytes', "importbin'/etc/hostname'"],
  ];
  for (const [name, expression] of escapes)
    test(`no import leads outside: ${name}`, () =>
      fails(render({ 'app/a.jsonnet': map(expression) }), 'UnsafePath', /leads outside/));

  test('nor one in an imported file, in a variable, by a library or by a link', async () => {
    const secret = "importstr '/etc/hostname'";
    await fails(
      render({ 'app/a.jsonnet': map("import 'b.libsonnet'"), 'app/b.libsonnet': secret }),
      'UnsafePath',
      /^app\/b\.libsonnet: import of \/etc\/hostname/,
    );
    const code = { name: 'v', value: secret, code: true };
    await fails(
      render({ 'app/a.jsonnet': map("std.extVar('v')") }, { jsonnet: { extVars: [code] } }),
      'UnsafePath',
      /^variable v: import/,
    );
    await fails(
      render({ 'app/a.jsonnet': map('1') }, { jsonnet: { libs: ['../x'] } }),
      'UnsafePath',
      /libs: \.\.\/x leads outside/,
    );
    const link = { linkTo: '/etc/hostname' };
    await fails(
      render({ 'app/a.jsonnet': map("importstr 'b'"), 'app/b': link }),
      'UnsafePath',
      /b/,
    );
  });

  test('what jsonnet says about an error is told, without paths of this machine', async () => {
    const broken = render({ 'app/a.jsonnet': map("error 'no such luck'") });
    await assert.rejects(broken, (error: TiphysError) => {
      assert.match(error.message, /^Failed to evaluate jsonnet "app\/a\.jsonnet": .*no such luck/);
      assert.doesNotMatch(error.message + error.hint, /tiphys-|\/tmp/);
      return true;
    });
    await fails(render({ 'app/a.jsonnet': '{ a: 1 }' }), 'InvalidManifest', /object 1: has no/);
    await fails(
      render({ 'app/a.jsonnet': map("import 'absent'") }),
      'RenderFailed',
      /couldn't open import "absent"/,
    );
    const bad = { jsonnet: { tlas: [{ name: 'a=b', value: '' }] } };
    await fails(render({ 'app/a.jsonnet': map('1') }, bad), 'InvalidSpec', /"a=b"/);
  });

  test('switched off, such files are passed over', async () => {
    const files = { 'app/a.jsonnet': map('1') };
    assert.deepEqual((await render(files, {}, { jsonnet: false })).objects, []);
  });

  test('a program that never ends is ended, and one that writes too much', async () => {
    const program = await workshop.program('jsonnet', signal);
    const endless = { 'app/a.jsonnet': map('local f(x) = f(x + 1) tailstrict; f(0)') };
    const bounded = (limits: object) =>
      createDirectoryGenerator({ jsonnet: { ...workshop.tool, program, ...limits } });
    const run = (one: Generator, files: Files) =>
      workshop.generate(one, files, { path: 'app' }, {}, signal);
    await fails(run(bounded({ timeoutMs: 300 }), endless), 'Timeout', /jsonnet/);
    const wide = { 'app/a.jsonnet': map("std.repeat('x', 100000)") };
    await fails(run(bounded({ maxOutputBytes: 50_000 }), wide), 'LimitExceeded', /jsonnet/);
  });

  test('a machine without jsonnet renders everything else', async () => {
    const without = createDirectoryGenerator({
      jsonnet: { ...workshop.tool, program: '/nowhere/jsonnet' },
    });
    assert.match(await without.version(signal), /^directory 3, nunjucks \d\S+, no jsonnet$/);
    const files = { 'app/a.json': JSON.stringify({ apiVersion: 'v1', kind: 'X', metadata: {} }) };
    const { objects } = await workshop.generate(without, files, { path: 'app' }, {}, signal);
    assert.equal(objects.length, 1);
    const programs = { 'app/a.jsonnet': map('1') };
    await fails(
      workshop.generate(without, programs, { path: 'app' }, {}, signal),
      'ToolMissing',
      /jsonnet/,
    );
    assert.match(await generator.version(signal), /^directory 3, nunjucks \S+, Jsonnet .*v0\.\d+/);
  });

  test('variables and files of the machine are not to be seen', async () => {
    const dir = await workshop.folder({});
    await writeFile(join(dir, 'x'), '');
    await fails(
      render({ 'app/a.jsonnet': map(`importstr '${join(dir, 'x')}'`) }),
      'UnsafePath',
      /leads outside/,
    );
  });
});
