/** What is left of a JSON value. */
export type Selection = (value: unknown) => unknown;

/** Which members are named below a place; `all` below a name that ends there. */
interface Names {
  readonly all: boolean;
  readonly below: ReadonlyMap<string, Names>;
}

const MAX_NAMES = 1_000;

/**
 * Reads the parameter `fields` (`spec/api.md` 9.2): names with dots, apart by commas, lists passed through:
 * `items.metadata.name`. What is named stays, with all below it and what leads to it; a leading
 * minus leaves that out instead. Nothing named leaves everything.
 */
export function selectFields(fields: string | undefined): Selection {
  const { paths, isInverted } = readFields(fields);
  if (paths.length === 0) return (value) => value;
  const names = namesOf(paths);
  return isInverted ? (value) => without(value, names) : (value) => only(value, names);
}

export interface FieldNames {
  readonly paths: readonly string[];
  readonly isInverted: boolean;
}

/** The names in `fields`. */
export function readFields(fields = ''): FieldNames {
  const isInverted = fields.startsWith('-');
  const names = (isInverted ? fields.slice(1) : fields).split(',', MAX_NAMES);
  return { isInverted, paths: names.map((name) => name.trim()).filter((name) => name !== '') };
}

function namesOf(paths: readonly string[]): Names {
  const root = { all: false, below: new Map<string, Names>() };
  for (const path of paths) {
    let at: { all: boolean; below: Map<string, Names> } = root;
    for (const name of path.split('.')) {
      const next = at.below.get(name) ?? { all: false, below: new Map<string, Names>() };
      at.below.set(name, next);
      at = next as typeof at;
    }
    at.all = true;
  }
  return root;
}

function only(value: unknown, names: Names): unknown {
  if (names.all) return value;
  if (Array.isArray(value)) return value.map((item) => only(item, names));
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, inner] of Object.entries(value)) {
    const below = names.below.get(name);
    if (below !== undefined) kept[name] = only(inner, below);
  }
  return kept;
}

function without(value: unknown, names: Names): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, names));
  if (typeof value !== 'object' || value === null) return value;
  const kept: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, inner] of Object.entries(value)) {
    const below = names.below.get(name);
    if (below?.all === true) continue;
    kept[name] = below === undefined ? inner : without(inner, below);
  }
  return kept;
}
