/** The refs of a repository at one moment. Annotated tags stand for their commit, never for the tag object. */
export interface RefTable {
  /** The commit of HEAD; absent in an empty repository. */
  readonly head: string | undefined;
  /** The branch HEAD names, e.g. `refs/heads/main`, where the server says so. */
  readonly headTarget: string | undefined;
  /** Commit by full name, and by every short name; where two refs share a short name the first listed has it. */
  readonly byName: ReadonlyMap<string, string>;
  /** Objects of annotated tags, by every name in `byName` that means the tag. */
  readonly tagObjects: ReadonlyMap<string, string>;
  /** Tags in listing order, names without `refs/tags/`. */
  readonly tags: readonly { readonly name: string; readonly commit: string }[];
}

/** Reads the output of `git ls-remote --symref`. Lines it does not know are passed over. */
export function parseLsRemote(output: string): RefTable {
  let head: string | undefined;
  let headTarget: string | undefined;
  const refs = new Map<string, string>();
  const tagObjects = new Map<string, string>();
  for (const line of output.split('\n')) {
    const tab = line.indexOf('\t');
    if (tab < 0) continue;
    const value = line.slice(0, tab);
    const name = line.slice(tab + 1);
    if (value.startsWith('ref: ')) {
      if (name === 'HEAD') headTarget = value.slice('ref: '.length);
    } else if (name === 'HEAD') head = value;
    // A peeled line follows that of its tag and takes its place.
    else if (name.endsWith('^{}')) {
      const tag = name.slice(0, -3);
      tagObjects.set(tag, refs.get(tag) ?? '');
      refs.set(tag, value);
    } else refs.set(name, value);
  }
  const byName = indexNames(refs, tagObjects);
  return { head, headTarget, byName, tagObjects, tags: tagsOf(refs) };
}

/** True when both tables name the same commits and tags. */
export function refTablesEqual(left: RefTable, right: RefTable): boolean {
  if (left.head !== right.head || left.headTarget !== right.headTarget) return false;
  if (left.byName.size !== right.byName.size) return false;
  for (const [name, tag] of left.tagObjects) if (right.tagObjects.get(name) !== tag) return false;
  for (const [name, commit] of left.byName) if (right.byName.get(name) !== commit) return false;
  return true;
}

function indexNames(
  refs: ReadonlyMap<string, string>,
  tagObjects: Map<string, string>,
): Map<string, string> {
  const byName = new Map<string, string>(refs);
  for (const [name, commit] of refs) {
    const short = shortName(name);
    if (byName.has(short)) continue;
    byName.set(short, commit);
    const tag = tagObjects.get(name);
    if (tag !== undefined) tagObjects.set(short, tag);
  }
  return byName;
}

const PREFIXES = ['refs/heads/', 'refs/tags/', 'refs/remotes/', 'refs/'];

function shortName(name: string): string {
  for (const prefix of PREFIXES) if (name.startsWith(prefix)) return name.slice(prefix.length);
  return name;
}

function tagsOf(refs: ReadonlyMap<string, string>): { name: string; commit: string }[] {
  const tags: { name: string; commit: string }[] = [];
  for (const [name, commit] of refs) {
    if (name.startsWith('refs/tags/')) tags.push({ name: name.slice('refs/tags/'.length), commit });
  }
  return tags;
}
