import type { ApplicationSource } from '../../core/app/types.ts';
import { repositoryIdentity } from '../../core/revision/repository-url.ts';
import type { Rendered, RenderRecord } from './render-record.ts';

/** A source of an application, and what it rendered to; nothing for one that only lends its files. */
export interface LearnedSource {
  readonly source: ApplicationSource;
  readonly rendered: Rendered | undefined;
}

/**
 * Paths of the repository of a source that the renders of an application have read, from its root; a
 * folder stands for all below it. `undefined`: not known.
 */
export function learnedPaths(
  learned: readonly LearnedSource[],
  source: ApplicationSource,
  readsOf: (rendered: Rendered) => RenderRecord['reads'] | undefined,
): readonly string[] | undefined {
  const meant = learned.filter((one) => isSame(one.source, source));
  if (meant.length === 0) return undefined;
  const paths: string[] = [];
  for (const { rendered, tree } of meant.flatMap((one) => readsIn(one, learned))) {
    const reads = readsOf(rendered);
    const read = reads?.get(tree)?.paths;
    if (read === undefined) return undefined;
    paths.push(...read);
  }
  return paths;
}

/** Whose reads are in the repository of a source: its own render, and all that may read its files by `ref`. */
function readsIn(
  { source, rendered }: LearnedSource,
  learned: readonly LearnedSource[],
): readonly { readonly rendered: Rendered; readonly tree: string }[] {
  const own = rendered === undefined ? [] : [{ rendered, tree: '' }];
  const { ref = '' } = source;
  if (ref === '') return own;
  const all = learned.flatMap((one) => one.rendered ?? []);
  return [...own, ...all.map((one) => ({ rendered: one, tree: ref }))];
}

function isSame(left: ApplicationSource, right: ApplicationSource): boolean {
  const same = (one: string | undefined, other: string | undefined) =>
    (one ?? '') === (other ?? '');
  return (
    repositoryIdentity(left.repoURL) === repositoryIdentity(right.repoURL) &&
    same(left.path, right.path) &&
    same(left.targetRevision, right.targetRevision) &&
    same(left.tagPrefix, right.tagPrefix) &&
    same(left.ref, right.ref)
  );
}
