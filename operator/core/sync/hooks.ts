import type { SyncPhase } from '../app/types.ts';
import { HOOK_FINALIZER } from '../health/assess-health.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { renameTracked } from '../tracking/tracking.ts';

export const HOOK_ANNOTATION = 'argocd.argoproj.io/hook';
export const HOOK_DELETE_ANNOTATION = 'argocd.argoproj.io/hook-delete-policy';
/** On every hook we make: which run of which operation made it, so that a restart knows its own. */
const HOOK_RUN_ANNOTATION = 'tiphys.io/hook-run';
const HELM_HOOK_ANNOTATION = 'helm.sh/hook';
const HELM_HOOK_DELETE_ANNOTATION = 'helm.sh/hook-delete-policy';

/** The hooks that run around the deletion of an Application. */
export type DeletionPhase = 'PreDelete' | 'PostDelete';
export type HookType = SyncPhase | DeletionPhase;
export type HookDeletePolicy = 'HookSucceeded' | 'HookFailed' | 'BeforeHookCreation';

/** What the hook annotations of a desired object say. */
export type HookRole =
  /** An ordinary resource. */
  | { readonly type: 'resource' }
  /** Neither applied nor counted (`Skip`). */
  | { readonly type: 'skip' }
  /** A hook of no known type, such as a Helm test: never applied, no status. */
  | { readonly type: 'ignored' }
  | { readonly type: 'hook'; readonly phases: readonly HookType[] };

const ARGO_TYPES: ReadonlySet<string> = new Set([
  'PreSync',
  'Sync',
  'PostSync',
  'SyncFail',
  'PreDelete',
  'PostDelete',
]);

const HELM_TYPES: Readonly<Record<string, HookType>> = {
  'pre-install': 'PreSync',
  'pre-upgrade': 'PreSync',
  'post-install': 'PostSync',
  'post-upgrade': 'PostSync',
  'pre-delete': 'PreDelete',
  'post-delete': 'PostDelete',
};

const HELM_POLICIES: Readonly<Record<string, HookDeletePolicy>> = {
  'hook-succeeded': 'HookSucceeded',
  'hook-failed': 'HookFailed',
  'before-hook-creation': 'BeforeHookCreation',
};

const ARGO_POLICIES: ReadonlySet<string> = new Set(Object.values(HELM_POLICIES));

/** Reads the hook annotations; Argo's win over Helm's unless none of theirs is known. */
export function hookRole(object: KubeObject): HookRole {
  const argo = listed(object, HOOK_ANNOTATION);
  const helm = listed(object, HELM_HOOK_ANNOTATION);
  if (argo === undefined && helm === undefined) return { type: 'resource' };
  const known = (argo ?? []).filter((name): name is HookType => ARGO_TYPES.has(name));
  if (known.length > 0) return { type: 'hook', phases: [...new Set(known)] };
  if (argo?.includes('Skip') === true) return { type: 'skip' };
  if (helm !== undefined && helm.every((name) => name === 'crd-install'))
    return { type: 'resource' };
  const mapped = (helm ?? []).flatMap((name) => HELM_TYPES[name] ?? []);
  return mapped.length > 0 ? { type: 'hook', phases: [...new Set(mapped)] } : { type: 'ignored' };
}

/** True for live objects that a hook annotation marks, of whatever type. */
export function isHook(object: KubeObject): boolean {
  const role = hookRole(object).type;
  return role === 'hook' || role === 'ignored';
}

/** When a hook's object is deleted; none given means before it is made again. */
export function deletePolicies(object: KubeObject): ReadonlySet<HookDeletePolicy> {
  const argo = (listed(object, HOOK_DELETE_ANNOTATION) ?? []).filter(
    (name): name is HookDeletePolicy => ARGO_POLICIES.has(name),
  );
  const helm = (listed(object, HELM_HOOK_DELETE_ANNOTATION) ?? []).flatMap(
    (name) => HELM_POLICIES[name] ?? [],
  );
  const all = new Set([...argo, ...helm]);
  return all.size > 0 ? all : new Set(['BeforeHookCreation'] as const);
}

/** The hook with the mark of one run. `run` is the same in every pass of one attempt of an operation. */
export function withHookRun(hook: KubeObject, run: string): KubeObject {
  const annotations = { ...hook.metadata.annotations, [HOOK_RUN_ANNOTATION]: run };
  return { ...hook, metadata: { ...hook.metadata, annotations } };
}

/**
 * The hook held by our finalizer until its end was read, so that one which is deleted when it has
 * ended (`ttlSecondsAfterFinished`) is not taken for one that failed.
 */
export function holdHook(hook: KubeObject): KubeObject {
  const finalizers = [...new Set([...(hook.metadata.finalizers ?? []), HOOK_FINALIZER])];
  return { ...hook, metadata: { ...hook.metadata, finalizers } };
}

/** The run that made a hook object; `undefined` for whatever we did not make as a hook. */
export function hookRunOf(object: KubeObject | undefined): string | undefined {
  return object?.metadata.annotations?.[HOOK_RUN_ANNOTATION];
}

/** Whether the object is held for us to read how it ended. */
export const isHeldHook = ({ metadata }: KubeObject): boolean =>
  metadata.finalizers?.includes(HOOK_FINALIZER) === true;

/** A hook with only `generateName` gets this suffix, which has to stay the same in every pass. */
export function nameHook(hook: KubeObject, suffix: string): KubeObject {
  const { name, generateName, ...metadata } = hook.metadata;
  if ((name ?? '') !== '' || generateName === undefined) return hook;
  const named = `${generateName}${suffix.toLowerCase()}`;
  return renameTracked({ ...hook, metadata: { ...metadata, name: named } });
}

function listed(object: KubeObject, annotation: string): readonly string[] | undefined {
  const text = object.metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  return text.split(',').map((part) => part.trim());
}
