import type { HealthStatusCode } from '../core/app/types.ts';
import type { JsonObject, JsonValue } from '../core/objects/json.ts';
import type { JsonPath } from '../core/objects/json-path.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { CelHealth, LuaScript } from '../core/settings/resource-settings.ts';

/** What became of one script on one object. A failure is the script's, never the caller's. */
export type ScriptOutcome<T> =
  | { readonly type: 'value'; readonly value: T }
  /**
   * The reason, with the script's line where there is one. `compile`: the text is no program;
   * `run`: it failed on this object; `budget`: it took too long or too much memory.
   */
  | {
      readonly type: 'failed';
      readonly kind: 'compile' | 'run' | 'budget';
      readonly reason: string;
    };

/** What a health script said; `undefined` has no influence. */
export type ScriptHealth =
  | { readonly status: HealthStatusCode; readonly message?: string }
  | undefined;

/** A link that is not the same for every object: its URL is a Go template, or it has a condition in expr. */
export interface LinkTexts {
  readonly url: string;
  readonly condition?: string;
}

/**
 * Runs programs that administrators and users wrote (Lua, CEL, jq, links), each within an instruction,
 * memory and wall-clock budget, with no access to files, processes or the network, off the main
 * thread. A program that does not end is stopped, fails alone, and stops nothing else.
 *
 * All methods: results are in the order of `objects`; inputs are not changed. They reject only with
 * `signal.reason` and when the engine was closed.
 */
export interface ScriptEngine extends AsyncDisposable {
  /** Lua 5.1 with the global `obj`; see `resource.customizations.health` of Argo CD. */
  luaHealth(
    script: LuaScript,
    objects: readonly KubeObject[],
    signal: AbortSignal,
  ): Promise<readonly ScriptOutcome<ScriptHealth>[]>;
  celHealth(
    rules: CelHealth,
    objects: readonly KubeObject[],
    signal: AbortSignal,
  ): Promise<readonly ScriptOutcome<ScriptHealth>[]>;
  /** Why the expressions cannot be used, one reason each; empty when they all compile. */
  checkCel(rules: CelHealth, signal: AbortSignal): Promise<readonly string[]>;
  /** A script of a resource action: globals `obj` and `actionParams`; the raw result, a table or nothing. */
  luaAction(
    script: LuaScript,
    object: KubeObject,
    parameters: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<ScriptOutcome<JsonValue | undefined>>;
  /**
   * The paths that a jq path expression names in each object (`path(expression)`): member names and
   * list indexes, in jq's order. A path may name what the object does not have.
   */
  jqPaths(
    expression: string,
    objects: readonly JsonObject[],
    signal: AbortSignal,
  ): Promise<readonly ScriptOutcome<readonly JsonPath[]>[]>;
  /**
   * Where a link leads, given what its texts can name (`application` also as `app`); `undefined` when its
   * condition is false. A template gives any text: whether that is a web address is for the caller to see.
   */
  linkUrl(
    link: LinkTexts,
    variables: JsonObject,
    signal: AbortSignal,
  ): Promise<ScriptOutcome<string | undefined>>;
}
