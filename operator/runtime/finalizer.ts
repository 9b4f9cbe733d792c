import type { FinalizerStore } from '../ports/finalizer-store.ts';
import type { ReconcileOutcome } from './controller.ts';

export interface FinalizerOptions<T> {
  /** Name of the finalizer, with a domain of yours: `example.com/team`. */
  readonly name: string;
  readonly store: FinalizerStore<T>;
  /** Brings the object to its desired state. It is called only while the finalizer holds the object. */
  readonly reconcile: (object: T, signal: AbortSignal) => Promise<ReconcileOutcome>;
  /**
   * Takes away what `reconcile` made. `done` lets the object go; `requeue` asks to be called again.
   * It must stand being called again after `done`: a crash may come before the object is let go.
   */
  readonly cleanUp: (object: T, signal: AbortSignal) => Promise<ReconcileOutcome>;
}

/** Somebody else changed the object first: it is looked at again, at the latest after this time. */
const CHANGED_MEANWHILE: ReconcileOutcome = { type: 'requeue', afterMs: 1_000 };

/**
 * Makes a reconcile of one object out of two functions, so that nothing is made for an object whose
 * deletion would not be noticed.
 *
 * Flow:
 *
 * | the object | its finalizer | what happens |
 * | --- | --- | --- |
 * | lives | absent | the finalizer is stored, then `reconcile` |
 * | lives | present | `reconcile` |
 * | is being deleted | present | `cleanUp`; once that is done the finalizer is removed |
 * | is being deleted | absent | nothing: there is nothing of ours, or it was cleaned up |
 *
 * Guarantees: other finalizers stay, in their order. Each write is refused when the object changed
 * since it was read; then the outcome is a requeue, and the next call sees the newer object.
 *
 * Errors: those of `reconcile`, `cleanUp` and the store; when `cleanUp` fails the finalizer stays.
 * Cancellation: the signal is handed on to all three.
 */
export function withFinalizer<T>(
  options: FinalizerOptions<T>,
): (object: T, signal: AbortSignal) => Promise<ReconcileOutcome> {
  const { name, store, reconcile, cleanUp } = options;
  return async (object, signal) => {
    const finalizers = store.finalizersOf(object);
    const isHeld = finalizers.includes(name);
    if (store.isBeingDeleted(object)) {
      if (!isHeld) return { type: 'done' };
      const outcome = await cleanUp(object, signal);
      if (outcome.type !== 'done') return outcome;
      const others = finalizers.filter((finalizer) => finalizer !== name);
      const letGo = await store.store(object, others, signal);
      return letGo === undefined ? CHANGED_MEANWHILE : outcome;
    }
    if (isHeld) return reconcile(object, signal);
    const held = await store.store(object, [...finalizers, name], signal);
    return held === undefined ? CHANGED_MEANWHILE : reconcile(held, signal);
  };
}
