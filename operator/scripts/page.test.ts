import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { load } from 'js-yaml';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { CelRule } from '../core/settings/resource-settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { createScriptEngine } from './script-engine.ts';

/** The examples of `docs/scripts.md` do what the page says. */
describe('the page about scripts', () => {
  const engine = createScriptEngine({ clock: systemClock });
  after(() => engine[Symbol.asyncDispose]());
  const { signal } = new AbortController();
  const page = readFileSync(join(import.meta.dirname, '../../docs/scripts.md'), 'utf8');
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(
    ([, text = '']) => load(text) as { data?: Record<string, string>; spec?: object },
  );
  const setting = (key: string): string => {
    const example = examples.find(({ data }) => data?.[key] !== undefined);
    return example?.data?.[key] ?? assert.fail(`no example of ${key}`);
  };
  const box = (status: string): KubeObject => ({
    apiVersion: 'example.com/v1',
    kind: 'Box',
    metadata: { name: 'a', generation: 2 },
    status: { observedGeneration: 2, conditions: [{ type: 'Ready', status, message: 'so it is' }] },
  });
  const bare: KubeObject = { apiVersion: 'example.com/v1', kind: 'Box', metadata: { name: 'a' } };
  const values = (...list: readonly object[]) => list.map((value) => ({ type: 'value', value }));

  test('Lua', async () => {
    const source = setting('resource.customizations.health.example.com_Box');
    const script = { source, openLibs: false };
    assert.deepEqual(
      await engine.luaHealth(script, [box('True'), box('False'), bare], signal),
      values(
        { status: 'Healthy', message: 'so it is' },
        { status: 'Degraded', message: 'so it is' },
        { status: 'Progressing', message: 'waiting' },
      ),
    );
  });

  test('CEL', async () => {
    const rules = load(setting('resource.customizations.healthCEL.example.com_Box')) as CelRule[];
    assert.deepEqual(await engine.checkCel({ rules }, signal), []);
    assert.deepEqual(
      await engine.celHealth({ rules }, [box('True'), box('False'), bare], signal),
      values(
        { status: 'Healthy' },
        { status: 'Degraded', message: 'so it is' },
        { status: 'Progressing' },
      ),
    );
  });

  test('jq', async () => {
    const [expression = ''] = examples.flatMap(({ spec }) => {
      const found = spec as { ignoreDifferences: { jqPathExpressions: string[] }[] } | undefined;
      return found?.ignoreDifferences.flatMap((rule) => rule.jqPathExpressions) ?? [];
    });
    const initContainers = [{ name: 'own' }, { name: 'injected' }];
    const deployment = { spec: { template: { spec: { initContainers } } } };
    assert.deepEqual(
      await engine.jqPaths(expression, [deployment], signal),
      values([['spec', 'template', 'spec', 'initContainers', 1]]),
    );
  });
});
