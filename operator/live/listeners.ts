export interface Listeners<T> {
  add(listener: (value: T) => void): Disposable;
  tell(value: T): void;
}

/** Callers in order of arrival; one that throws is reported and does not keep the value from the others. */
export function createListeners<T>(onError: (error: unknown) => void): Listeners<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    add(listener) {
      // The same function may be added twice, and each must go alone.
      const entry = (value: T) => listener(value);
      listeners.add(entry);
      return { [Symbol.dispose]: () => void listeners.delete(entry) };
    },
    tell(value) {
      for (const listener of listeners) {
        try {
          listener(value);
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}
