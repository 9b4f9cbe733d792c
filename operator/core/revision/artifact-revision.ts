import { parseConstraint } from './constraint.ts';
import { compareVersions, parseVersion, type Version } from './version.ts';

/** A content hash with its algorithm, such as `sha256:…`: a revision that never means anything else. */
export function isDigest(text: string): boolean {
  return /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

/** The tag that a revision may be; a tag has `_` where its version has `+`. `undefined`: it can be none. */
export function tagOf(revision: string): string | undefined {
  const tag = revision.replaceAll('+', '_');
  return /^\w[\w.-]{0,127}$/.test(tag) ? tag : undefined;
}

/**
 * The tag of the highest version within a range; `undefined` when none is, or the text is no range. An exact
 * version is no range: it means the tag of that name, or nothing.
 */
export function highestTag(tags: readonly string[], range: string): string | undefined {
  if (parseVersion(range.trim()) !== undefined) return undefined;
  const constraint = parseConstraint(range);
  if (constraint === undefined) return undefined;
  let best: { readonly tag: string; readonly version: Version } | undefined;
  for (const tag of tags) {
    const version = parseVersion(tag.replaceAll('_', '+'));
    if (version === undefined || !constraint(version)) continue;
    if (best === undefined || compareVersions(version, best.version) > 0) best = { tag, version };
  }
  return best?.tag;
}
