import type { Condition } from './types.ts';

/**
 * The conditions after some types were evaluated anew: those of other types stay, those of the
 * evaluated types are replaced by `current`. A condition that says the same as before keeps its
 * time. Sorted by type and message.
 */
export function setConditions(
  existing: readonly Condition[],
  evaluated: readonly string[],
  current: readonly Pick<Condition, 'type' | 'message'>[],
  now: string,
): readonly Condition[] {
  const kept = existing.filter(({ type }) => !evaluated.includes(type));
  const renewed = current.map(({ type, message }) => {
    const before = existing.find((c) => c.type === type && c.message === message);
    return { type, message, lastTransitionTime: before?.lastTransitionTime ?? now };
  });
  return [...kept, ...renewed].sort((a, b) => order(a.type, b.type) || order(a.message, b.message));
}

function order(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
