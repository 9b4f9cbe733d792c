import { TiphysError } from '../../operator/index.ts';

/** Counts what each client has open, so that one of them leaves room for the others. */
export interface OpenRequests {
  /** Until it is disposed. Errors: `TooManyRequests`, when the client has as many open as it may. */
  open(client: string): Disposable;
}

/** `max` 0 is no bound. */
export function createOpenRequests(max: number): OpenRequests {
  const open = new Map<string, number>();
  return {
    open(client) {
      const count = open.get(client) ?? 0;
      if (max > 0 && count >= max)
        throw new TiphysError('TooManyRequests', `${count} requests of this client are open`, {
          hint: 'Wait until some of them are answered, or close streams.',
        });
      open.set(client, count + 1);
      return {
        [Symbol.dispose]() {
          const left = (open.get(client) ?? 1) - 1;
          if (left <= 0) open.delete(client);
          else open.set(client, left);
        },
      };
    },
  };
}
