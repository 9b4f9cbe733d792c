import type { GroupKind } from '../objects/kube-object.ts';
import { certManager } from './table/cert-manager.ts';
import type { Project, TableRow } from './table-row.ts';

/** All that is known of kinds that do not come with Kubernetes, one project after the other. */
export const PROJECTS: readonly Project[] = [certManager];

export interface KnownKind {
  /** Group and kind as the row writes them, such as `*.crossplane.io/*`. */
  readonly name: string;
  readonly row: TableRow;
}

interface Pattern extends KnownKind {
  readonly group: string;
  readonly kind: string;
}

const PATTERNS: readonly Pattern[] = PROJECTS.flatMap(({ rows }) =>
  rows.flatMap((row) =>
    row.groups.flatMap((group) =>
      row.kinds.map((kind) => ({ name: `${group}/${kind}`, group, kind, row })),
    ),
  ),
);

const EXACT: ReadonlyMap<string, KnownKind> = new Map(
  PATTERNS.map((pattern) => [pattern.name, pattern]),
);

/** Kind by kind before whole groups, then the longer suffix before the shorter. */
const SUFFIXES: readonly Pattern[] = PATTERNS.filter(({ group }) => group.startsWith('*.')).sort(
  (left, right) =>
    Number(left.kind === '*') - Number(right.kind === '*') ||
    right.group.length - left.group.length,
);

/** The row of a kind: the exact one, that of its whole group, then those of groups with wildcards. */
export function knownKind({ group, kind }: GroupKind): KnownKind | undefined {
  return (
    EXACT.get(`${group}/${kind}`) ??
    EXACT.get(`${group}/*`) ??
    SUFFIXES.find(
      (pattern) =>
        group.endsWith(pattern.group.slice(1)) && (pattern.kind === '*' || pattern.kind === kind),
    )
  );
}
