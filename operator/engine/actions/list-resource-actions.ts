import type { ActionInfo } from '../../core/actions/action.ts';
import { discoverActions } from '../../core/actions/discover-actions.ts';
import { readDiscovered } from '../../core/actions/lua-actions.ts';
import { idOf, type KubeObject } from '../../core/objects/kube-object.ts';
import type { SettingsView } from '../../core/settings/settings-view.ts';
import type { ScriptEngine } from '../../ports/script-engine.ts';
import { runScript, understand } from './run-script.ts';

export interface ActionDeps {
  /** What `argocd-cm` says of the object's kind. */
  readonly settings: SettingsView;
  readonly scripts: ScriptEngine;
}

/**
 * What can be done to an object: the actions that the administrator's discovery script names, sorted,
 * then the built-in ones. Where the administrator defines actions of the kind, built-in ones are
 * there only with `mergeBuiltinActions`, and give way to those of the same name.
 *
 * Errors: `ScriptFailed` with the line of the script. Cancellation: rejects with `signal.reason`.
 */
export async function listResourceActions(
  object: KubeObject,
  { settings, scripts }: ActionDeps,
  signal: AbortSignal,
): Promise<readonly ActionInfo[]> {
  const { actions } = settings.kind(idOf(object));
  const builtIn = discoverActions(object);
  if (actions === undefined) return builtIn;
  const own = await discover(object, actions.discovery, scripts, signal);
  if (!actions.mergeBuiltinActions) return own;
  const taken = new Set(own.map(({ name }) => name));
  return [...own, ...builtIn.filter(({ name }) => !taken.has(name))];
}

async function discover(
  object: KubeObject,
  source: string,
  scripts: ScriptEngine,
  signal: AbortSignal,
): Promise<readonly ActionInfo[]> {
  if (source.trim() === '') return [];
  const run = { object, what: 'discovery of actions', source, parameters: {} };
  const result = await runScript(run, scripts, signal);
  return understand(run, readDiscovered(result));
}
