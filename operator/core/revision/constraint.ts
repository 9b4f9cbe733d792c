import { compareVersions, type Version } from './version.ts';

/**
 * A range of versions such as `>=1.2 <2`, `^1 || ~2.3`, `1.x`, `1.2 - 1.4.5`. The rules are those of
 * Masterminds/semver, which Argo CD and Helm users know, not npm's: a pre-release is accepted
 * only by a comparator that carries a pre-release itself, and then of any version.
 */
export type Constraint = (version: Version) => boolean;

type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '^';

interface Comparator {
  readonly operator: Operator;
  readonly bound: Version;
  /** `*`: every version. */
  readonly any: boolean;
  /** The part was left out or a wildcard: `1`, `1.x`. */
  readonly minorOpen: boolean;
  readonly patchOpen: boolean;
}

const OPERATORS: Readonly<Record<string, Operator>> = {
  '': '=',
  '=': '=',
  '!=': '!=',
  '>': '>',
  '<': '<',
  '>=': '>=',
  '=>': '>=',
  '<=': '<=',
  '=<': '<=',
  '~': '~',
  '~>': '~',
  '^': '^',
};

const PART = '(?:\\d+|[xX*])';
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const BOUND = `v?(${PART})(?:\\.(${PART}))?(?:\\.(${PART}))?(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?`;
const COMPARATOR = new RegExp(`(!=|>=|=>|<=|=<|~>|=|>|<|~|\\^)?\\s*${BOUND}(?=[\\s,]|$)`, 'y');
const HYPHEN = new RegExp(`(?<=^|[\\s,])(${BOUND})\\s+-\\s+(${BOUND})(?=[\\s,]|$)`, 'g');

/** Reads a constraint; `undefined` when the text is none. */
export function parseConstraint(text: string): Constraint | undefined {
  const alternatives: (readonly Comparator[])[] = [];
  for (const part of text.split('||')) {
    const comparators = parseAll(part.replace(HYPHEN, hyphenAsComparators));
    if (comparators === undefined) return undefined;
    alternatives.push(comparators);
  }
  return (version) =>
    alternatives.some((comparators) => comparators.every((one) => accepts(one, version)));
}

// The second bound stands after the first one and its four groups.
function hyphenAsComparators(...match: readonly string[]): string {
  return `>=${match[1]} <=${match[6]}`;
}

function parseAll(text: string): Comparator[] | undefined {
  const comparators: Comparator[] = [];
  const trimmed = text.trim();
  let position = 0;
  while (position < trimmed.length) {
    COMPARATOR.lastIndex = position;
    const match = COMPARATOR.exec(trimmed);
    if (match === null) return undefined;
    comparators.push(toComparator(match));
    const separator = /[\s]*,?[\s]*/y;
    separator.lastIndex = COMPARATOR.lastIndex;
    separator.exec(trimmed);
    position = separator.lastIndex;
  }
  return comparators.length === 0 || trimmed.endsWith(',') ? undefined : comparators;
}

function toComparator(match: RegExpExecArray): Comparator {
  const [, operator = '', major = '', minor, patch, prerelease = ''] = match;
  const any = isOpen(major);
  const minorOpen = any || isOpen(minor);
  const patchOpen = minorOpen || isOpen(patch);
  return {
    operator: OPERATORS[operator] ?? '=',
    bound: {
      major: any ? 0 : Number(major),
      minor: minorOpen ? 0 : Number(minor),
      patch: patchOpen ? 0 : Number(patch),
      prerelease,
    },
    any,
    minorOpen,
    patchOpen,
  };
}

function isOpen(part: string | undefined): boolean {
  return part === undefined || part === 'x' || part === 'X' || part === '*';
}

function accepts(comparator: Comparator, version: Version): boolean {
  const { operator, bound, any, minorOpen, patchOpen } = comparator;
  if (version.prerelease !== '' && bound.prerelease === '') return false;
  if (any && operator !== '!=' && operator !== '<' && operator !== '>') return true;
  const order = compareVersions(version, bound);
  const open = minorOpen || patchOpen;
  switch (operator) {
    case '=':
      return open ? withinTilde(comparator, version) : order === 0;
    case '!=':
      return open ? !withinTilde(comparator, version) : order !== 0;
    case '>':
      return open ? isPast(comparator, version) : order > 0;
    case '>=':
      return order >= 0;
    case '<':
      return order < 0;
    case '<=':
      return open ? !isPast(comparator, version) : order <= 0;
    case '~':
      return withinTilde(comparator, version);
    case '^':
      return withinCaret(comparator, version);
  }
}

/** After everything that a partial bound stands for: `>11` begins at 12.0.0, `>11.1` at 11.2.0. */
function isPast({ bound, any, minorOpen }: Comparator, version: Version): boolean {
  if (any) return false;
  if (version.major !== bound.major) return version.major > bound.major;
  return !minorOpen && version.minor > bound.minor;
}

function withinTilde({ bound, any, minorOpen, patchOpen }: Comparator, version: Version): boolean {
  if (any) return true;
  if (compareVersions(version, bound) < 0) return false;
  const everything = bound.major === 0 && bound.minor === 0 && bound.patch === 0 && !patchOpen;
  if (everything) return true; // `~0.0.0` accepts every version, as Masterminds has it
  return version.major === bound.major && (minorOpen || version.minor === bound.minor);
}

function withinCaret({ bound, minorOpen, patchOpen }: Comparator, version: Version): boolean {
  if (compareVersions(version, bound) < 0) return false;
  if (version.major !== bound.major) return false;
  if (bound.major > 0 || minorOpen) return true;
  if (version.minor !== bound.minor) return false;
  if (bound.minor > 0 || patchOpen) return true;
  return version.patch === bound.patch;
}
