/** Reads and writes the finalizers of objects of one sort: the marks that hold their deletion back. */
export interface FinalizerStore<T> {
  /** The finalizers of the object, as read. */
  finalizersOf(object: T): readonly string[];
  /** Whether the object is held only by its finalizers any more. */
  isBeingDeleted(object: T): boolean;
  /**
   * Stores these finalizers if the object is still as it was read, and resolves with it as it is
   * then; with undefined when it changed meanwhile or is gone.
   */
  store(object: T, finalizers: readonly string[], signal: AbortSignal): Promise<T | undefined>;
}
