/** What a heap keeps in an item, so that the item can be found again without a search. */
export interface HeapItem {
  heapIndex: number;
}

/** Items of which the first is always at hand. Adding and taking cost O(log n). */
export interface Heap<T extends HeapItem> {
  /** An item may be in one heap at a time. */
  push(item: T): void;
  peek(): T | undefined;
  pop(): T | undefined;
  /** Call after an item in the heap was changed so that it comes earlier than before. */
  raise(item: T): void;
  clear(): void;
  readonly size: number;
}

/** A binary heap; `precedes` must be a strict order. */
export function createHeap<T extends HeapItem>(precedes: (left: T, right: T) => boolean): Heap<T> {
  let items: T[] = [];

  function place(item: T, index: number): void {
    items[index] = item;
    item.heapIndex = index;
  }

  function rise(item: T, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = items[parentIndex];
      if (parent === undefined || !precedes(item, parent)) break;
      place(parent, index);
      index = parentIndex;
    }
    place(item, index);
  }

  function sink(item: T): void {
    let index = 0;
    for (;;) {
      const left = items[2 * index + 1];
      const right = items[2 * index + 2];
      const child =
        left !== undefined && right !== undefined && precedes(right, left) ? right : left;
      if (child === undefined || !precedes(child, item)) break;
      const next = child.heapIndex;
      place(child, index);
      index = next;
    }
    place(item, index);
  }

  return {
    push: (item) => rise(item, items.length),
    peek: () => items[0],
    pop() {
      const first = items[0];
      const last = items.pop();
      if (last !== undefined && last !== first) sink(last);
      return first;
    },
    raise: (item) => rise(item, item.heapIndex),
    clear() {
      items = [];
    },
    get size() {
      return items.length;
    },
  };
}
