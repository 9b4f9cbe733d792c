import { assessHealth, isPendingDeletion, type Health } from '../core/health/assess-health.ts';
import { idOf, type KubeObject } from '../core/objects/kube-object.ts';
import type { HealthRule, SettingsView } from '../core/settings/settings-view.ts';
import type { ScriptEngine, ScriptHealth, ScriptOutcome } from '../ports/script-engine.ts';

/** Judges objects by the administrator's scripts where there are any, else by the built-in rules. */
export interface HealthJudge {
  /** Runs the scripts that these objects need and that have not been run on them. */
  prepare(objects: readonly KubeObject[], signal: AbortSignal): Promise<void>;
  /**
   * The health of an object; without `prepare` before, one whose kind has a script is Unknown.
   * `undefined`: no notion of health.
   */
  of(object: KubeObject): Health | undefined;
}

interface Judged {
  readonly rule: HealthRule | undefined;
  readonly health: Health | undefined;
  /** The script did not end in its time, which may have been the machine's fault. */
  readonly isToRepeat?: boolean;
}

/** Remembers a judgement for as long as the object itself lives. */
export function createHealthJudge(scripts: ScriptEngine, view: () => SettingsView): HealthJudge {
  const known = new WeakMap<KubeObject, Judged>();

  const ruleOf = (object: KubeObject): HealthRule | undefined =>
    isPendingDeletion(object)
      ? undefined // whatever a script would say
      : view().kind(idOf(object)).health;

  async function run(
    rule: HealthRule,
    objects: readonly KubeObject[],
    signal: AbortSignal,
  ): Promise<void> {
    const outcomes =
      rule.type === 'lua'
        ? await scripts.luaHealth(rule.script, objects, signal)
        : await scripts.celHealth(rule.cel, objects, signal);
    outcomes.forEach((outcome, index) => {
      const object = objects[index];
      const isToRepeat = outcome.type === 'failed' && outcome.kind === 'budget';
      if (object !== undefined)
        known.set(object, { rule, health: healthOf(rule, outcome), isToRepeat });
    });
  }

  return {
    async prepare(objects, signal) {
      const wanting = new Map<HealthRule, KubeObject[]>();
      for (const object of objects) {
        const rule = ruleOf(object);
        const before = known.get(object);
        if (rule === undefined || (before?.rule === rule && before.isToRepeat !== true)) continue;
        const list = wanting.get(rule) ?? [];
        list.push(object);
        wanting.set(rule, list);
      }
      for (const [rule, list] of wanting) await run(rule, list, signal);
    },
    of(object) {
      const rule = ruleOf(object);
      const judged = known.get(object);
      if (judged !== undefined && judged.rule === rule) return judged.health;
      if (rule !== undefined)
        return { status: 'Unknown', message: 'not judged yet', rule: rule.name };
      const health = assessHealth(object);
      known.set(object, { rule, health });
      return health;
    },
  };
}

function healthOf(rule: HealthRule, outcome: ScriptOutcome<ScriptHealth>): Health | undefined {
  if (outcome.type === 'failed')
    return {
      status: 'Unknown',
      message: outcome.reason,
      problem: outcome.reason,
      rule: rule.name,
    };
  return outcome.value === undefined ? undefined : { ...outcome.value, rule: rule.name };
}
