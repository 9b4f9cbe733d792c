import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { ScriptEngine } from '../../ports/script-engine.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createScriptEngine } from '../script-engine.ts';

// `node operator/scripts/testing/measure.ts 1000`: what Lua, CEL and jq cost over so many objects, as JSON.

interface ScriptCost {
  readonly language: string;
  readonly what: string;
  /** The first object: starting the thread and the machine, and compiling. */
  readonly firstMs: number;
  /** All objects, once the program is compiled: on the clock, and in all threads. */
  readonly allMs: number;
  readonly allCpuMs: number;
}

/** Each language in an engine of its own, so that each start counts. */
async function measureScripts(count: number, signal: AbortSignal): Promise<readonly ScriptCost[]> {
  const file = join(import.meta.dirname, '../testdata/rollout.lua');
  const lua = { source: readFileSync(file, 'utf8'), openLibs: true };
  const cel = {
    rules: [
      { status: 'Progressing', when: 'obj.status.observedGeneration < obj.metadata.generation' },
      { status: 'Progressing', when: 'obj.status.updatedReplicas < obj.spec.replicas' },
      { status: 'Healthy', when: 'true' },
    ],
  } as const;
  const jq = '.spec.template.spec.containers[] | select(.name == "injected")';
  const costs: ScriptCost[] = [];
  for (const [language, what, run] of [
    ['Lua', 'a health script of 32 lines', (engine, list) => engine.luaHealth(lua, list, signal)],
    ['CEL', 'three health rules', (engine, list) => engine.celHealth(cel, list, signal)],
    ['jq', 'a path expression', (engine, list) => engine.jqPaths(jq, list, signal)],
  ] as const satisfies readonly (readonly [string, string, Run])[]) {
    await using engine = createScriptEngine({ clock: systemClock });
    const [first, ...objects] = Array.from({ length: count + 1 }, (_, index) => rollout(index));
    const timed = async (list: readonly KubeObject[]) => {
      const sinceMs = performance.now();
      const outcomes = await run(engine, list);
      const failed = outcomes.find(({ type }) => type === 'failed');
      if (failed !== undefined) throw new Error(`${language}: ${JSON.stringify(failed)}`);
      return performance.now() - sinceMs;
    };
    if (first === undefined) throw new Error('no object');
    const firstMs = await timed([first]);
    const before = process.cpuUsage();
    const allMs = await timed(objects);
    const { user, system } = process.cpuUsage(before);
    costs.push({ language, what, firstMs, allMs, allCpuMs: (user + system) / 1000 });
  }
  return costs;
}

type Run = (
  engine: ScriptEngine,
  objects: readonly KubeObject[],
) => Promise<readonly { readonly type: string }[]>;

/** 1.6 KB of JSON. */
function rollout(index: number): KubeObject {
  const container = (name: string) => ({
    name,
    image: `registry.example.com/team/${name}:v1.${index}`,
    env: Array.from({ length: 10 }, (_, at) => ({ name: `SETTING_${at}`, value: `value ${at}` })),
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
  });
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Rollout',
    metadata: { name: `rollout-${index}`, namespace: 'bench', generation: 3 },
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: `rollout-${index}` } },
      template: { spec: { containers: [container('web'), container('injected')] } },
    },
    status: {
      observedGeneration: 3,
      replicas: 4,
      updatedReplicas: 4,
      availableReplicas: 4,
      conditions: [{ type: 'Available', status: 'True', reason: 'AvailableReason' }],
    },
  };
}

const costs = await measureScripts(Number(process.argv[2]), AbortSignal.timeout(120_000));
process.stdout.write(JSON.stringify(costs));
