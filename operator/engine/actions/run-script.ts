import type { Understood } from '../../core/actions/lua-actions.ts';
import { isSecret } from '../../core/diff/mask-secret.ts';
import { TiphysError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/objects/json.ts';
import { describeResource, idOf, type KubeObject } from '../../core/objects/kube-object.ts';
import type { ScriptEngine } from '../../ports/script-engine.ts';

export interface ScriptRun {
  readonly object: KubeObject;
  /** For messages: `action restart`. */
  readonly what: string;
  readonly source: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Runs a script of a resource action. Errors: `ScriptFailed`. Cancellation: rejects with `signal.reason`. */
export async function runScript(
  run: ScriptRun,
  scripts: ScriptEngine,
  signal: AbortSignal,
): Promise<JsonValue | undefined> {
  // All libraries that touch neither files nor processes, as built-in scripts of Argo CD have them.
  const script = { source: run.source, openLibs: true };
  const outcome = await scripts.luaAction(script, run.object, run.parameters, signal);
  if (outcome.type === 'value') return outcome.value;
  throw scriptFailed(
    run,
    outcome.kind === 'run' ? spoken(run.object, outcome.reason) : outcome.reason,
  );
}

/** The value, or `ScriptFailed`. */
export function understand<T>(run: ScriptRun, understood: Understood<T>): T {
  if (understood.type === 'value') return understood.value;
  throw scriptFailed(run, isSecret(run.object) ? 'its result makes no sense' : understood.problem);
}

function scriptFailed({ object, what }: ScriptRun, reason: string): TiphysError {
  const resource = describeResource(idOf(object));
  return new TiphysError('ScriptFailed', `${resource}: ${what} failed: ${reason}`, {
    fields: { resource },
  });
}

/** A script can put any part of a value into its message, so of a Secret only the line is told. */
function spoken(object: KubeObject, reason: string): string {
  if (!isSecret(object)) return reason;
  const line = /^script:\d+/.exec(reason)?.[0] ?? 'script';
  return `${line}: (the message is not shown, since the object is a Secret)`;
}
