import { parseConstraint } from './constraint.ts';
import type { RefTable } from './ref-table.ts';
import { compareVersions, parseVersion, type Version } from './version.ts';

export type ResolvedRevision =
  /** A full commit. `ref` is the name that led to it, absent when the commit itself was given. */
  | { readonly type: 'commit'; readonly commit: string; readonly ref: string | undefined }
  /** No ref has this name, but it can be the beginning of a commit: only the objects can tell. */
  | { readonly type: 'short-commit'; readonly prefix: string }
  | { readonly type: 'not-found' };

/**
 * What a `targetRevision` names, given the refs of its repository. In this order: a full commit is
 * itself, without a look at the table; empty and `HEAD` are HEAD; a semantic version is a pin
 * on that very name; a semver range is the highest tag within it, and beats a branch of the same
 * text; then branch, tag or full ref by name; then 7 or more hex digits are a short commit.
 *
 * Versions and ranges are looked for among the tags that begin with `tagPrefix`, whose rest is compared; names and
 * commits mean what they mean without it.
 */
export function resolveRevision(refs: RefTable, text: string, tagPrefix = ''): ResolvedRevision {
  const wanted = text.trim();
  if (isFullCommit(wanted)) return { type: 'commit', commit: wanted.toLowerCase(), ref: undefined };
  if (wanted === '' || wanted === 'HEAD') return resolveHead(refs);

  const name = versionName(refs, wanted, tagPrefix);
  const commit = refs.byName.get(name);
  if (commit !== undefined) return { type: 'commit', commit, ref: name };
  if (/^[0-9a-fA-F]{7,}$/.test(wanted)) return { type: 'short-commit', prefix: wanted };
  return { type: 'not-found' };
}

/** True for exactly 40 hex digits, or 64 as in repositories with SHA-256. */
export function isFullCommit(text: string): boolean {
  return /^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/.test(text);
}

function resolveHead(refs: RefTable): ResolvedRevision {
  const commit =
    refs.head ?? (refs.headTarget === undefined ? undefined : refs.byName.get(refs.headTarget));
  return commit === undefined ? { type: 'not-found' } : { type: 'commit', commit, ref: 'HEAD' };
}

/** The name to look for: the tag that a pin or range means, else the text itself. */
function versionName(refs: RefTable, wanted: string, tagPrefix: string): string {
  if (parseVersion(wanted) !== undefined) return tagPrefix + wanted;
  const constraint = parseConstraint(wanted);
  if (constraint === undefined) return wanted;
  let best: { readonly name: string; readonly version: Version } | undefined;
  for (const { name } of refs.tags) {
    if (!name.startsWith(tagPrefix)) continue;
    const version = parseVersion(name.slice(tagPrefix.length));
    if (version === undefined || !constraint(version)) continue;
    if (best === undefined || compareVersions(version, best.version) > 0) best = { name, version };
  }
  // The full name, so that a branch of the tag's name cannot stand in for it.
  return best === undefined ? wanted : `refs/tags/${best.name}`;
}
