import type { Clock } from '../ports/clock.ts';
import { createHeap, type HeapItem } from './heap.ts';

export interface AddOptions {
  /** Not before this many milliseconds from now. Default 0. */
  readonly afterMs?: number;
  /**
   * Each step goes before what became due up to a minute earlier. Default 0; positive for what has
   * begun and is to be brought to its end, negative for what nobody waits for.
   */
  readonly priority?: number;
}

/** So much earlier than it is due does a key count as due, for each step of its priority. */
const HEAD_START_MS = 60_000;

/**
 * A queue of keys for a controller loop.
 *
 * Guarantees: a key is in the queue at most once; it is never handed out twice at the same time; a
 * key added while it is being worked on is handed out once more afterwards; adding again keeps the
 * earlier time and the higher priority. Keys of one priority come in order of their due time, and
 * those of one time in order of arrival; a higher priority is a head start, so none waits for ever.
 * Adding and taking cost O(log n), and neither waits.
 *
 * Disposing forgets all keys and takes no more.
 */
export interface WorkQueue<K> extends Disposable {
  add(key: K, options?: AddOptions): void;
  /** The most urgent of the keys that are due, with its rank, if any is. */
  take(): Taken<K> | undefined;
  /** The rank of what `take` would give now. */
  readonly nextRank: number | undefined;
  /** Gives a taken key back. Every taken key must be given back. */
  done(key: K): void;
  /** Due now or later, without those being worked on. */
  readonly length: number;
  readonly active: number;
  /** How many keys are due now. */
  readonly due: number;
}

export interface Taken<K> {
  readonly key: K;
  /** Monotonic milliseconds: when it was due, less its head start. The smallest goes first. */
  readonly rank: number;
}

export interface WorkQueueOptions<K> {
  /** Told whenever keys may be due that were not before. Must not throw. */
  readonly onDue?: () => void;
  /** Told of each key that is handed out, and for how many milliseconds it was due. Must not throw. */
  readonly onTaken?: ((key: K, dueForMs: number) => void) | undefined;
}

interface Schedule {
  /** Monotonic milliseconds. */
  at: number;
  priority: number;
}

interface Entry<K> extends Schedule, HeapItem {
  readonly key: K;
  readonly order: number;
  /** Whether it stands among the due ones. */
  isDue: boolean;
}

/** A queue by the clock's monotonic time. */
export function createWorkQueue<K>(
  clock: Clock,
  { onDue, onTaken }: WorkQueueOptions<K> = {},
): WorkQueue<K> {
  const waiting = new Map<K, Entry<K>>();
  const later = createHeap<Entry<K>>(isEarlier);
  const due = createHeap<Entry<K>>(isMoreUrgent);
  const active = new Set<K>();
  const again = new Map<K, Schedule>();
  let order = 0;
  let disposed = false;
  let alarm: Disposable | undefined;
  let alarmAt = Number.POSITIVE_INFINITY;

  function enqueue(key: K, schedule: Schedule): void {
    const known = waiting.get(key);
    if (known === undefined) {
      const entry = { ...schedule, key, order: order++, isDue: false, heapIndex: 0 };
      waiting.set(key, entry);
      later.push(entry);
    } else {
      merge(known, schedule);
      (known.isDue ? due : later).raise(known);
    }
  }

  function moveDue(): void {
    const now = clock.monotonic();
    for (let entry = later.peek(); entry !== undefined && entry.at <= now; entry = later.peek()) {
      later.pop();
      entry.isDue = true;
      due.push(entry);
    }
  }

  function look(): void {
    moveDue();
    if (due.size > 0) onDue?.();
    setAlarm();
  }

  /** Wakes us when the next key falls due. */
  function setAlarm(): void {
    const soonest = later.peek()?.at ?? Number.POSITIVE_INFINITY;
    if (soonest === alarmAt) return;
    alarm?.[Symbol.dispose]();
    alarm = undefined;
    alarmAt = soonest;
    if (soonest === Number.POSITIVE_INFINITY) return;
    alarm = clock.schedule(Math.max(0, soonest - clock.monotonic()), () => {
      alarmAt = Number.POSITIVE_INFINITY;
      look();
    });
  }

  return {
    add(key, { afterMs = 0, priority = 0 } = {}) {
      if (disposed) return;
      const schedule = { at: clock.monotonic() + afterMs, priority };
      if (active.has(key)) {
        const known = again.get(key);
        if (known === undefined) again.set(key, schedule);
        else merge(known, schedule);
      } else {
        enqueue(key, schedule);
        look();
      }
    },
    take() {
      moveDue();
      const entry = due.pop();
      if (entry === undefined) return undefined;
      const { key } = entry;
      waiting.delete(key);
      active.add(key);
      onTaken?.(key, clock.monotonic() - entry.at);
      return { key, rank: rankOf(entry) };
    },
    get nextRank() {
      moveDue();
      const next = due.peek();
      return next && rankOf(next);
    },
    done(key) {
      active.delete(key);
      const schedule = again.get(key);
      again.delete(key);
      if (schedule === undefined) return;
      enqueue(key, schedule);
      look();
    },
    get length() {
      return waiting.size;
    },
    get active() {
      return active.size;
    },
    get due() {
      moveDue();
      return due.size;
    },
    [Symbol.dispose]() {
      disposed = true;
      alarm?.[Symbol.dispose]();
      waiting.clear();
      again.clear();
      later.clear();
      due.clear();
    },
  };
}

function merge(into: Schedule, schedule: Schedule): void {
  into.at = Math.min(into.at, schedule.at);
  into.priority = Math.max(into.priority, schedule.priority);
}

function isEarlier(left: Entry<unknown>, right: Entry<unknown>): boolean {
  return left.at === right.at ? left.order < right.order : left.at < right.at;
}

function isMoreUrgent(left: Entry<unknown>, right: Entry<unknown>): boolean {
  const [leftRank, rightRank] = [rankOf(left), rankOf(right)];
  return leftRank === rightRank ? left.order < right.order : leftRank < rightRank;
}

const rankOf = ({ at, priority }: Schedule): number => at - priority * HEAD_START_MS;
