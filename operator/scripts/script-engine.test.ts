import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { systemClock } from '../runtime/clock.ts';
import { createScriptEngine } from './script-engine.ts';

const { signal } = new AbortController();
const lua = (source: string, openLibs = false) => ({ source, openLibs });
const object = (name: string, status: KubeObject['status'] = {}): KubeObject => ({
  apiVersion: 'example.io/v1',
  kind: 'Widget',
  metadata: { name },
  status,
});

/** Answers Healthy with the object's name. */
const NAMED = 'return {status = "Healthy", message = obj.metadata.name}';
/** Never ends on an object called `stuck`, in one C call, where no instruction is counted. */
const STUCK_IN_C = `
if obj.metadata.name == 'stuck' then
  string.find(string.rep('a', 60), string.rep('a?', 60) .. 'b')
end
${NAMED}`;
const healthy = (message: string) => ({ type: 'value', value: { status: 'Healthy', message } });

describe('the engine', () => {
  const engine = createScriptEngine({ clock: systemClock });
  after(() => engine[Symbol.asyncDispose]());

  test('results are in the order of the objects, whatever the size of the batch', async () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `widget-${index}`);
    const outcomes = await engine.luaHealth(
      lua(NAMED),
      names.map((name) => object(name)),
      signal,
    );
    assert.deepEqual(outcomes, names.map(healthy));
  });

  test('no objects, no outcomes', async () => {
    assert.deepEqual(await engine.luaHealth(lua(NAMED), [], signal), []);
  });

  test('a program that never ends fails alone; what was queued goes on', async () => {
    const names = ['first', 'stuck', 'last'];
    const [stuck, other, paths] = await Promise.all([
      engine.luaHealth(
        lua(STUCK_IN_C, true),
        names.map((name) => object(name)),
        signal,
      ),
      engine.luaHealth(lua(NAMED), [object('other')], signal),
      engine.jqPaths('.metadata.name', [object('third')], signal),
    ]);
    const reason = 'did not end within 1s';
    assert.deepEqual(stuck, [
      healthy('first'),
      { type: 'failed', kind: 'budget', reason },
      healthy('last'),
    ]);
    assert.deepEqual(other, [healthy('other')]);
    assert.deepEqual(paths, [{ type: 'value', value: [['metadata', 'name']] }]);
  });
});
