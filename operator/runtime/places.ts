import { createHeap, type HeapItem } from './heap.ts';

/**
 * Does what only takes time, such as asking another server, and lets somebody else work meanwhile.
 * Resolves and rejects as `work` does, once there is a place again. What was known before may be out
 * of date by then.
 */
export type Aside = <T>(work: () => Promise<T>) => Promise<T>;

/** For those who hold no place. */
export const noAside: Aside = (work) => work();

/** The places of those that work at the same time, given by rank; of equals, who comes back goes first. */
export interface Places {
  /** Gives free places away, until there are none or nobody wants one. */
  fill(): void;
  /** Holds a place for as long as `work` takes, but for what it does aside. `fill` gives one. */
  hold(rank: number, work: (aside: Aside) => Promise<void>): void;
  /** When all that hold places, or did, have ended. */
  ended(): Promise<void>;
}

export interface PlacesOptions {
  readonly count: number;
  /** The rank of the most urgent newcomer, smaller for more urgent; absent when there is none. */
  readonly nextRank: () => number | undefined;
  /** Lets that newcomer in, who must call `hold` at once. */
  readonly admit: () => void;
}

interface Returning extends HeapItem {
  readonly rank: number;
  readonly order: number;
  readonly enter: () => void;
}

export function createPlaces({ count, nextRank, admit }: PlacesOptions): Places {
  let taken = 0;
  let order = 0;
  const returning = createHeap<Returning>(isMoreUrgent);
  const running = new Set<Promise<void>>();
  let filling = false;

  function fill(): void {
    if (filling) return; // by one that goes aside as soon as it is let in: whoever fills sees its place
    filling = true;
    try {
      while (taken < count && letIn());
    } finally {
      filling = false;
    }
  }

  function letIn(): boolean {
    const back = returning.peek();
    const next = nextRank();
    if (back !== undefined && back.rank <= (next ?? Infinity)) {
      returning.pop();
      taken += 1;
      back.enter();
      return true;
    }
    if (next !== undefined) admit();
    return next !== undefined;
  }

  function leave(): void {
    taken -= 1;
    fill();
  }

  return {
    fill,
    hold(rank, work) {
      taken += 1;
      const aside: Aside = async (wait) => {
        leave();
        try {
          return await wait();
        } finally {
          await new Promise<void>((enter) => {
            returning.push({ rank, order: order++, enter, heapIndex: 0 });
            fill();
          });
        }
      };
      const run = work(aside).finally(() => {
        running.delete(run);
        leave();
      });
      running.add(run);
    },
    async ended() {
      await Promise.allSettled(running);
    },
  };
}

function isMoreUrgent(left: Returning, right: Returning): boolean {
  return left.rank === right.rank ? left.order < right.order : left.rank < right.rank;
}
