import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import fc from 'fast-check';
import { readPlan } from '../../core/actions/lua-actions.ts';
import { planPatches } from '../../core/actions/plan-patches.ts';
import { RICH_OBJECTS } from '../../core/diff/testing/rich-objects.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createScriptEngine } from '../../scripts/script-engine.ts';
import { runScript } from './run-script.ts';

const { signal } = new AbortController();

describe('what a script leaves alone is not patched', () => {
  const scripts = createScriptEngine({ clock: systemClock });
  after(() => scripts[Symbol.asyncDispose]());

  async function patchesOf(object: KubeObject, source: string) {
    const run = { object, what: 'action touch', source, parameters: {} };
    const plan = readPlan(object, await runScript(run, scripts, signal));
    assert.ok(plan.type === 'value', JSON.stringify(plan));
    return plan.value.flatMap((step) => planPatches(object, step.object, { hasStatus: true }));
  }

  const label = 'obj.metadata.labels = obj.metadata.labels or {} obj.metadata.labels.touched = "1"';

  for (const body of RICH_OBJECTS)
    test(`of a ${body.kind}`, async () => {
      const object = { ...body, metadata: { ...body.metadata, name: 'rich' } };
      assert.deepEqual(await patchesOf(object, 'return obj'), []);
      assert.deepEqual(await patchesOf(object, `${label} return obj`), [
        { subresource: undefined, patch: { metadata: { labels: { touched: '1' } } } },
      ]);
    });

  test('of any object', async () => {
    // V8 reads some escaped keys as a backslash once it has read a backslash as a key
    // (https://github.com/nodejs/node/issues/63785), so none is made here.
    const members = fc
      .dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 4 }))
      .filter((made) => !JSON.stringify(made).includes('\\\\'));
    await fc.assert(
      fc.asyncProperty(members, async (spec) => {
        const object = {
          apiVersion: 'example.com/v1',
          kind: 'Box',
          metadata: { name: 'any' },
          spec,
        } as KubeObject;
        assert.deepEqual(await patchesOf(object, 'return obj'), []);
        assert.deepEqual(await patchesOf(object, `${label} return obj`), [
          { subresource: undefined, patch: { metadata: { labels: { touched: '1' } } } },
        ]);
      }),
      { numRuns: 300 },
    );
  });
});
