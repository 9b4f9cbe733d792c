import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, describe, test } from 'node:test';
import { load } from 'js-yaml';
import { readPlan } from '../../core/actions/lua-actions.ts';
import type { JsonValue } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { createSettingsView } from '../../core/settings/settings-view.ts';
import { readResourceSettings } from '../../live/resource-settings.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createScriptEngine } from '../../scripts/script-engine.ts';
import { listResourceActions } from './list-resource-actions.ts';

const { signal } = new AbortController();

const deployment: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop', labels: { tier: 'front' } },
  spec: { paused: true },
};

describe('actions that an object has', () => {
  const scripts = createScriptEngine({ clock: systemClock });
  after(() => scripts[Symbol.asyncDispose]());
  const settingsOf = (data: Readonly<Record<string, string>>) =>
    createSettingsView(readResourceSettings(data));
  const list = (data: Readonly<Record<string, string>>, object = deployment) =>
    listResourceActions(object, { settings: settingsOf(data), scripts }, signal);
  const namesOf = async (data: Readonly<Record<string, string>>) =>
    (await list(data)).map(({ name, displayName }) => `${name} (${displayName})`);
  const key = 'resource.customizations.actions.apps_Deployment';
  const discovery = (lines: string) => `discovery.lua: |\n  ${lines.replaceAll('\n', '\n  ')}\n`;

  test('without settings, the built-in ones', async () => {
    assert.deepEqual(await namesOf({}), [
      'restart (Restart)',
      'pause (Pause)',
      'resume (Resume)',
      'scale (Scale)',
    ]);
  });

  test("the administrator's hide the built-in ones", async () => {
    const own = discovery('return { zoom = {}, restart = { displayName = "Anew" } }');
    assert.deepEqual(await namesOf({ [key]: own }), ['restart (Anew)', 'zoom (zoom)']);
  });

  test('with mergeBuiltinActions the built-in ones follow, each name once', async () => {
    const own = discovery('return { zoom = {}, restart = { displayName = "Anew" } }');
    assert.deepEqual(await namesOf({ [key]: `${own}mergeBuiltinActions: true\n` }), [
      'restart (Anew)',
      'zoom (zoom)',
      'pause (Pause)',
      'resume (Resume)',
      'scale (Scale)',
    ]);
  });

  test('without a discovery script none of the administrator is listed', async () => {
    const definitions = 'definitions: [{name: zoom, action.lua: return obj}]\n';
    assert.deepEqual(await namesOf({ [key]: definitions }), []);
    assert.equal((await namesOf({ [key]: `${definitions}mergeBuiltinActions: true` })).length, 4);
  });

  test('actions of other kinds do not count', async () => {
    const own = discovery('return { zoom = {} }');
    for (const other of ['apps_DaemonSet', 'Deployment', 'all'])
      assert.equal((await list({ [`resource.customizations.actions.${other}`]: own })).length, 4);
  });

  test('the script sees the object, and has text functions', async () => {
    const own = discovery(
      'return { ["paint-" .. obj.metadata.labels.tier:upper()] = { disabled = obj.spec.paused } }',
    );
    const [info] = await list({ [key]: own });
    assert.deepEqual([info?.name, info?.disabled], ['paint-FRONT', true]);
  });

  test('a script that fails tells its line; one that returns nonsense tells that', async () => {
    await assert.rejects(list({ [key]: discovery('local x\nreturn x.y') }), {
      code: 'ScriptFailed',
      message: /^Deployment\/shop\/web: discovery of actions failed: script:2: attempt to index/,
    });
    await assert.rejects(list({ [key]: discovery('return { "restart" }') }), {
      code: 'ScriptFailed',
      message: /discovery of actions failed: discovery did not return a table of actions by name$/,
    });
  });

  test('aborting rejects with the reason', async () => {
    const stop = new AbortController();
    const settings = settingsOf({ [key]: discovery('while true do end') });
    const listed = listResourceActions(deployment, { settings, scripts }, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await assert.rejects(listed, reason);
  });

  test('the example of docs/actions.md does what the page says', async () => {
    const page = await readFile(new URL('../../../docs/actions.md', import.meta.url), 'utf8');
    const text = /```yaml\n(data:\n {2}resource\.customizations\.actions[\s\S]*?)```/.exec(
      page,
    )?.[1];
    const { data } = load(text ?? '') as { data: Record<string, string> };
    const box: KubeObject = {
      apiVersion: 'example.com/v1',
      kind: 'Box',
      metadata: { name: 'one', namespace: 'shop', uid: 'u1' },
      spec: { inspection: { template: {} } },
    };
    const infos = await list(data, box);
    assert.deepEqual(
      infos.map(({ name, displayName, disabled, params }) => [name, displayName, disabled, params]),
      [
        ['inspect', 'inspect', false, []],
        ['open', 'Open', false, [{ name: 'reason' }]],
      ],
    );
    const definitions = settingsOf(data).kind({ group: 'example.com', kind: 'Box' }).actions;
    const planOf = async (name: string): Promise<JsonValue> => {
      const source = definitions?.definitions.find((one) => one.name === name)?.source ?? '';
      const script = { source, openLibs: true };
      const ran = await scripts.luaAction(script, box, { reason: 'why not' }, signal);
      assert.ok(ran.type === 'value', JSON.stringify(ran));
      const plan = readPlan(box, ran.value);
      assert.ok(plan.type === 'value', JSON.stringify(plan));
      return plan.value as unknown as JsonValue;
    };
    assert.deepEqual(await planOf('open'), [
      {
        operation: 'patch',
        object: {
          ...box,
          spec: { inspection: { template: {} }, lid: 'up' },
          status: { reason: 'why not' },
        },
      },
    ]);
    const inspect = JSON.stringify(await planOf('inspect'));
    assert.match(inspect, /^\[\{"operation":"create","object":\{.*"name":"one-\d{14}"/);
    assert.ok(inspect.includes('"spec":{"template":{}}'), inspect);
  });
});
