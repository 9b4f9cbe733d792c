import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { createVirtualClock, systemClock } from '../runtime/clock.ts';
import { createScriptEngine } from './script-engine.ts';

const { signal } = new AbortController();
const lua = (source: string, openLibs = false) => ({ source, openLibs });
const object = (name: string, rest: Partial<KubeObject> = {}): KubeObject => ({
  apiVersion: 'example.io/v1',
  kind: 'Widget',
  metadata: { name },
  ...rest,
});
const objects = (...names: readonly string[]) => names.map((name) => object(name));

/** Answers Healthy with the object's name. */
const NAMED = 'return {status = "Healthy", message = obj.metadata.name}';
/** Never ends on an object called `stuck`: one C call, in which no instruction is counted. */
const STUCK_IN_C = `
if obj.metadata.name == 'stuck' then
  string.find(string.rep('a', 60), string.rep('a?', 60) .. 'b')
end
${NAMED}`;
/** jq that never ends on an object called `stuck`. */
const STUCK_JQ = 'if .metadata.name == "stuck" then last(repeat(.)) else .metadata.name end';
const healthy = (message: string) => ({ type: 'value', value: { status: 'Healthy', message } });
const late = { type: 'failed', kind: 'budget', reason: 'did not end within 1s' };
const paths = (...list: readonly (readonly (string | number)[])[]) => ({
  type: 'value',
  value: list,
});

describe('the engine', () => {
  const engine = createScriptEngine({ clock: systemClock });
  after(() => engine[Symbol.asyncDispose]());

  test('outcomes are in the order of the objects, whatever the size of the batch', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `widget-${index}`);
    assert.deepEqual(
      await engine.luaHealth(lua(NAMED), objects(...names), signal),
      names.map(healthy),
    );
    const found = await engine.jqPaths(
      '.metadata | select(.name | endswith("9")).name',
      objects(...names),
      signal,
    );
    assert.deepEqual(
      found,
      names.map((name) => (name.endsWith('9') ? paths(['metadata', 'name']) : paths())),
    );
  });

  test('no objects, no outcomes', async () => {
    assert.deepEqual(await engine.luaHealth(lua(NAMED), [], signal), []);
  });

  test('objects are not changed, also frozen ones are taken', async () => {
    const frozen = Object.freeze(object('frozen', { metadata: Object.freeze({ name: 'frozen' }) }));
    const source = `obj.metadata.name = "x" obj.metadata.labels = {} ${NAMED}`;
    assert.deepEqual(await engine.luaHealth(lua(source), [frozen], signal), [healthy('x')]);
    assert.deepEqual(frozen, object('frozen'));
  });

  test('a Lua program that never ends fails alone; what was queued goes on', async () => {
    const [stuck, other, third] = await Promise.all([
      engine.luaHealth(lua(STUCK_IN_C, true), objects('first', 'stuck', 'last'), signal),
      engine.luaHealth(lua(NAMED), objects('other'), signal),
      engine.jqPaths('.metadata.name', objects('third'), signal),
    ]);
    assert.deepEqual(stuck, [healthy('first'), late, healthy('last')]);
    assert.deepEqual(other, [healthy('other')]);
    assert.deepEqual(third, [paths(['metadata', 'name'])]);
  });

  test('jq that never ends fails for the one object, although many were asked at once', async () => {
    const names = ['first', 'stuck', ...Array.from({ length: 50 }, (_, index) => `more-${index}`)];
    const outcomes = await engine.jqPaths(STUCK_JQ, objects(...names), signal);
    assert.deepEqual(
      outcomes,
      names.map((name) => (name === 'stuck' ? late : paths(['metadata', 'name']))),
    );
  });

  test('CEL that takes for ever is ended too', async () => {
    const all = `[0,1,2,3,4,5,6,7,8,9]`;
    const when = [...'abcdefgh'].reduceRight(
      (inner, name) => `${all}.all(${name}, ${inner})`,
      'obj.kind != ""',
    );
    const rules = { rules: [{ status: 'Healthy', when }] } as const;
    assert.deepEqual(await engine.celHealth(rules, objects('a'), signal), [late]);
    const soon = {
      rules: [{ status: 'Healthy', when: 'obj.kind != ""', message: 'obj.metadata.name' }],
    } as const;
    assert.deepEqual(await engine.celHealth(soon, objects('a'), signal), [healthy('a')]);
  });

  test('CEL that fills the memory ends for want of it', async () => {
    const all = '[0,1,2,3,4,5,6,7,8,9]';
    const grow = [...'abcdefg'].reduceRight(
      (inner, name) => `${all}.map(${name}, ${inner})`,
      '[1,2,3,4,5,6,7,8,9]',
    );
    const rules = { rules: [{ status: 'Healthy', when: `${grow} == []` }] } as const;
    const [outcome] = await engine.celHealth(rules, objects('a'), signal);
    assert.ok(outcome?.type === 'failed' && outcome.kind === 'budget', JSON.stringify(outcome));
    assert.deepEqual(await engine.luaHealth(lua(NAMED), objects('next'), signal), [
      healthy('next'),
    ]);
  });

  test('CEL expressions are checked', async () => {
    const bad = { rules: [{ status: 'Healthy', when: 'obj.x ==' }] } as const;
    assert.match((await engine.checkCel(bad, signal)).join(), /^Healthy: does not compile: /);
    const good = { rules: [{ status: 'Healthy', when: 'obj.x == 1' }] } as const;
    assert.deepEqual(await engine.checkCel(good, signal), []);
  });

  test('an action gets its parameters, and its result comes back as it is', async () => {
    const action = (source: string) =>
      engine.luaAction(
        lua(source, true),
        object('web', { spec: { replicas: 1, paused: true } }),
        { replicas: '3' },
        signal,
      );
    assert.deepEqual(
      await action(
        'obj.spec.replicas = tonumber(actionParams["replicas"]) obj.spec.paused = nil return obj',
      ),
      {
        type: 'value',
        value: object('web', { spec: { replicas: 3 } }),
      },
    );
    assert.deepEqual(
      await action('return {{operation = "create", resource = {kind = "Job", spec = {}}}}'),
      {
        type: 'value',
        value: [{ operation: 'create', resource: { kind: 'Job', spec: [] } }],
      },
    );
    assert.deepEqual(await action('return nil'), { type: 'value', value: undefined });
    assert.deepEqual(await action('return 5'), {
      type: 'failed',
      kind: 'run',
      reason: 'expect table output from Lua script, not number',
    });
    assert.deepEqual(await action('x ='), {
      type: 'failed',
      kind: 'compile',
      reason: "does not compile: script:1: unexpected symbol near '<eof>'",
    });
  });

  test('messages and reasons are cut to what a status can hold', async () => {
    const long = (source: string) => engine.luaHealth(lua(source, true), objects('a'), signal);
    const cut = `${'x'.repeat(2048)}…`;
    const message = 'return {status = "Healthy", message = string.rep("x", 1e5)}';
    assert.deepEqual(await long(message), [healthy(cut)]);
    assert.deepEqual(await long('error(string.rep("x", 1e5), 0)'), [
      { type: 'failed', kind: 'run', reason: cut },
    ]);
  });

  test('a health script has empty parameters', async () => {
    const source =
      'return {status = "Healthy", message = type(actionParams) .. tostring(next(actionParams))}';
    assert.deepEqual(await engine.luaHealth(lua(source), objects('a'), signal), [
      healthy('tablenil'),
    ]);
  });

  test('an aborted call rejects at once with the reason; the others are served', async () => {
    const stop = new AbortController();
    const stuck = engine.luaHealth(lua(STUCK_IN_C, true), objects('stuck', 'stuck'), stop.signal);
    const queued = engine.luaHealth(lua(NAMED), objects('queued'), stop.signal);
    const other = engine.luaHealth(lua(NAMED), objects('other'), signal);
    const reason = new Error('enough');
    await new Promise(setImmediate); // the first is under way now
    stop.abort(reason);
    await assert.rejects(stuck, reason);
    await assert.rejects(queued, reason);
    assert.deepEqual(await other, [healthy('other')]);
    await assert.rejects(engine.luaHealth(lua(NAMED), objects('late'), stop.signal), reason);
  });
});

test('a closed engine rejects what waits and what comes', async () => {
  const engine = createScriptEngine({ clock: systemClock });
  const running = engine.luaHealth(lua('while true do end'), objects('a', 'b'), signal);
  const waiting = engine.luaHealth(lua(NAMED), objects('a'), signal);
  await new Promise(setImmediate); // the first is under way now
  const rejected = Promise.all([
    assert.rejects(running, /the engine is closed/),
    assert.rejects(waiting, /the engine is closed/),
  ]);
  await engine[Symbol.asyncDispose]();
  await rejected;
  await assert.rejects(engine.luaHealth(lua(NAMED), objects('a'), signal), /the engine is closed/);
  await engine[Symbol.asyncDispose]();
});

test('an engine that was never used can be closed', async () => {
  await createScriptEngine({ clock: systemClock })[Symbol.asyncDispose]();
});

test('a program that uses up its budget three times in a row is left alone for a minute', async () => {
  const clock = createVirtualClock();
  await using engine = createScriptEngine({ clock, maxInstructions: 100_000 });
  const endless = lua(`if obj.metadata.name == 'stuck' then while true do end end ${NAMED}`);
  const run = async (...names: readonly string[]) => {
    const outcomes = await engine.luaHealth(endless, objects(...names), signal);
    return outcomes.map((outcome) =>
      outcome.type === 'value'
        ? outcome.value?.message
        : outcome.reason.replace(/[,:].*| within.*/, ''),
    );
  };
  const ended = 'did not end';
  assert.deepEqual(
    await run('stuck', 'stuck', 'a', 'stuck', 'stuck', 'b'),
    [ended, ended, 'a', ended, ended, 'b'],
    'a success between forgives',
  );
  assert.deepEqual(await run('stuck', 'stuck', 'stuck', 'c', 'd'), [
    ended,
    ended,
    ended,
    'not run',
    'not run',
  ]);
  assert.deepEqual(
    await engine.luaHealth(lua(NAMED), objects('e'), signal),
    [healthy('e')],
    'others are',
  );
  await clock.advance(59_000);
  assert.deepEqual(await run('e'), ['not run']);
  await clock.advance(1_000);
  assert.deepEqual(await run('stuck', 'f'), [ended, 'not run'], 'still so');
  await clock.advance(60_000);
  assert.deepEqual(await run('g', 'stuck', 'h'), ['g', ended, 'h'], 'and forgiven');
});

test('programs of one engine see one clock', async () => {
  const clock = createVirtualClock(Date.UTC(2026, 0, 1));
  await using engine = createScriptEngine({ clock });
  const source = 'return {status = "Healthy", message = require("os").date("%F %T")}';
  assert.deepEqual(await engine.luaHealth(lua(source), objects('a'), signal), [
    healthy('2026-01-01 00:00:00'),
  ]);
  await clock.advance(3_600_000);
  assert.deepEqual(await engine.luaHealth(lua(source), objects('a'), signal), [
    healthy('2026-01-01 01:00:00'),
  ]);
});
