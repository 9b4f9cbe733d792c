/** How much may be pruned at once without somebody's approval. */
export type PruneLimit =
  | { readonly type: 'count'; readonly count: number }
  /** Of the objects that the application has in the cluster, 0 to 100. */
  | { readonly type: 'percent'; readonly percent: number }
  /** What was written cannot be read; nothing is pruned then. */
  | { readonly type: 'unreadable'; readonly text: string };

/** On an Application: how much of it may be pruned at once, such as `10` or `25%`. */
export const MAX_PRUNE_ANNOTATION = 'tiphys.io/max-prune';

/** Reads `10` or `25%`; `undefined` for an empty text, which sets no limit. */
export function parsePruneLimit(text: string): PruneLimit | undefined {
  const written = text.trim();
  if (written === '') return undefined;
  if (/^\d{1,9}$/.test(written)) return { type: 'count', count: Number(written) };
  const percent = /^(\d{1,3})\s*%$/.exec(written)?.[1];
  return percent !== undefined && Number(percent) <= 100
    ? { type: 'percent', percent: Number(percent) }
    : { type: 'unreadable', text: written };
}

/**
 * Why pruning `pruned` of `total` objects needs approval; `undefined` when it does not. A part of an
 * object does not count: 25 % of 10 objects are 2.
 */
export function pruneBrake(
  limit: PruneLimit | undefined,
  { pruned, total }: { readonly pruned: number; readonly total: number },
): string | undefined {
  if (limit === undefined || pruned === 0) return undefined;
  const all = `pruning ${pruned} of ${total} objects at once`;
  switch (limit.type) {
    case 'count':
      return pruned > limit.count ? `${all}, more than ${limit.count}` : undefined;
    case 'percent':
      return pruned * 100 > limit.percent * total
        ? `${all}, more than ${limit.percent} %`
        : undefined;
    case 'unreadable':
      return `${all}, and the limit "${limit.text}" is neither a number nor a percentage`;
  }
}
