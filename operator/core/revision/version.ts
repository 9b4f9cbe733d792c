/** A semantic version, read loosely: missing parts are zero, a leading `v` is dropped. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Dot-separated identifiers after `-`, empty for a release. */
  readonly prerelease: string;
}

const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const LOOSE = new RegExp(
  `^v?(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`,
);

/** Reads `v1.2.3`, `1.2`, `2024.03-LTS`, `1.0.0-rc.1+build`; `undefined` for anything else. */
export function parseVersion(text: string): Version | undefined {
  const match = LOOSE.exec(text);
  if (match === null) return undefined;
  const [, major = '0', minor = '0', patch = '0', prerelease = ''] = match;
  // A numeric identifier with a leading zero has no place in the order of versions.
  if (prerelease.split('.').some((identifier) => /^0\d+$/.test(identifier))) return undefined;
  return { major: Number(major), minor: Number(minor), patch: Number(patch), prerelease };
}

/** Negative, zero or positive as `left` comes before, with or after `right`; build metadata does not count. */
export function compareVersions(left: Version, right: Version): number {
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePrerelease(left.prerelease, right.prerelease)
  );
}

// A release comes after each of its pre-releases; numbers before words; fewer identifiers first.
function comparePrerelease(left: string, right: string): number {
  if (left === right) return 0;
  if (left === '') return 1;
  if (right === '') return -1;
  const lefts = left.split('.');
  const rights = right.split('.');
  for (let index = 0; index < Math.min(lefts.length, rights.length); index += 1) {
    const order = compareIdentifiers(lefts[index] ?? '', rights[index] ?? '');
    if (order !== 0) return order;
  }
  return lefts.length - rights.length;
}

function compareIdentifiers(left: string, right: string): number {
  const leftIsNumber = /^\d+$/.test(left);
  const rightIsNumber = /^\d+$/.test(right);
  if (leftIsNumber && rightIsNumber) return Number(left) - Number(right);
  if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}
