import type { KubeObject } from '../objects/kube-object.ts';
import { isOfPhase } from './deletion-hooks.ts';
import type { DeletionPhase } from './hooks.ts';

const RESOURCES_FINALIZER = 'resources-finalizer.argocd.argoproj.io';
const HOOK_FINALIZERS: readonly (readonly [DeletionPhase, string])[] = [
  ['PreDelete', 'pre-delete-finalizer.argocd.argoproj.io'],
  ['PostDelete', 'post-delete-finalizer.argocd.argoproj.io'],
];
const CLEANUP = '/cleanup';

/** One part of a deletion. It is over when `finalizer` is off the Application, which says so durably. */
export type DeletionStage =
  | { readonly type: 'hooks'; readonly phase: DeletionPhase; readonly finalizer: string }
  | {
      readonly type: 'cascade';
      readonly propagation: 'Foreground' | 'Background';
      readonly finalizer: string;
    }
  | { readonly type: 'cleanup'; readonly phase: DeletionPhase; readonly finalizer: string };

/** The part that the finalizers ask for first; `undefined` when nothing of ours is left. */
export function deletionStage(finalizers: readonly string[]): DeletionStage | undefined {
  const [before, after] = HOOK_FINALIZERS.map(([phase, finalizer]) =>
    finalizers.includes(finalizer) ? ({ type: 'hooks', phase, finalizer } as const) : undefined,
  );
  const [cleanup] = HOOK_FINALIZERS.map(([phase, name]) => [phase, `${name}${CLEANUP}`] as const)
    .filter(([, finalizer]) => finalizers.includes(finalizer))
    .map(([phase, finalizer]) => ({ type: 'cleanup', phase, finalizer }) as const);
  return before ?? cascadeStage(finalizers) ?? after ?? cleanup;
}

/** The first of the resource finalizers decides. */
function cascadeStage(finalizers: readonly string[]): DeletionStage | undefined {
  for (const finalizer of finalizers) {
    if (finalizer === RESOURCES_FINALIZER || finalizer === `${RESOURCES_FINALIZER}/foreground`)
      return { type: 'cascade', finalizer, propagation: 'Foreground' };
    if (finalizer === `${RESOURCES_FINALIZER}/background`)
      return { type: 'cascade', finalizer, propagation: 'Background' };
  }
  return undefined;
}

/** The finalizers after a part is over; those of a cascade go together. */
export function withoutStage(finalizers: readonly string[], stage: DeletionStage): string[] {
  return finalizers.filter((finalizer) =>
    stage.type === 'cascade'
      ? !finalizer.startsWith(RESOURCES_FINALIZER)
      : finalizer !== stage.finalizer,
  );
}

/** What a deletion takes with it: nothing, or what was deployed, in the manner of that propagation; empty is the default. */
export type Cascade = 'none' | '' | 'foreground' | 'background';

/** The finalizers with which an Application is deleted like that. */
export function withCascade(finalizers: readonly string[], cascade: Cascade): readonly string[] {
  const others = finalizers.filter((finalizer) => !finalizer.startsWith(RESOURCES_FINALIZER));
  if (cascade === 'none') return others.length === finalizers.length ? finalizers : others;
  const wanted = cascade === '' ? RESOURCES_FINALIZER : `${RESOURCES_FINALIZER}/${cascade}`;
  const isThere = finalizers.includes(wanted) && others.length === finalizers.length - 1;
  return isThere ? finalizers : [...others, wanted];
}

/** Finalizers that are ours to remove. */
export function isOurFinalizer(finalizer: string): boolean {
  return (
    finalizer.startsWith(RESOURCES_FINALIZER) ||
    HOOK_FINALIZERS.some(([, ours]) => finalizer === ours || finalizer === `${ours}${CLEANUP}`)
  );
}

/**
 * The finalizers that an Application with these hooks in its manifests is to have: those for hooks
 * around its deletion, and the others as they are. The same list when nothing changes.
 */
export function withHookFinalizers(
  finalizers: readonly string[],
  hooks: readonly KubeObject[],
): readonly string[] {
  let result = finalizers;
  for (const [phase, name] of HOOK_FINALIZERS) {
    const wanted = hooks.some((hook) => isOfPhase(hook, phase));
    for (const finalizer of [name, `${name}${CLEANUP}`]) {
      if (result.includes(finalizer) === wanted) continue;
      result = wanted ? [...result, finalizer] : result.filter((other) => other !== finalizer);
    }
  }
  return result;
}
