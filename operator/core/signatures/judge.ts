/** What gpg says about one signature, in the letters of git's `%G?`. */
export type SignatureCode = 'G' | 'U' | 'B' | 'X' | 'Y' | 'R' | 'E' | 'N';

/** A commit or an annotated tag, and the signature that was found on it. */
export interface Signed {
  readonly kind: 'commit' | 'tag';
  /** What people call it: a name of a tag, or a commit. */
  readonly revision: string;
  readonly author: string;
  readonly code: SignatureCode;
  /** Id of the key that signed, as gpg prints it; empty when nobody did. */
  readonly keyId: string;
  /** Fingerprints of that key and of the one it belongs to, where gpg knows them. */
  readonly fingerprints: readonly string[];
}

const REASONS: Readonly<Record<Exclude<SignatureCode, 'G'>, string>> = {
  U: 'signed with untrusted key',
  B: 'bad signature',
  X: 'expired signature',
  Y: 'signed with expired key',
  R: 'signed with revoked key',
  E: 'signed with key not in keyring',
  N: 'unsigned',
};

const MAX_PROBLEMS = 10;

/** Why it may not be deployed; `undefined` when a key that is allowed signed it well. */
export function problemOf(signed: Signed, keys: readonly string[]): string | undefined {
  const { code, keyId, fingerprints, revision, author } = signed;
  if (
    code === 'G' &&
    [keyId, ...fingerprints].some((id) => keys.includes(id.toUpperCase().slice(-16)))
  )
    return undefined;
  const reason = code === 'G' ? 'signed with unallowed key' : REASONS[code];
  return `Failed verifying revision ${revision} by '${author}': ${reason} (key_id=${keyId})`;
}

/** The problems of many: one for each key, all unsigned ones and tags, ten at most. */
export function problemsOf(signed: readonly Signed[], keys: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const problems: string[] = [];
  for (const one of signed) {
    const problem = problemOf(one, keys);
    if (problem === undefined) continue;
    const repeats = one.kind === 'commit' && one.code !== 'N';
    if (repeats && seen.has(one.keyId)) continue;
    seen.add(one.keyId);
    problems.push(problem);
    if (problems.length === MAX_PROBLEMS) break;
  }
  return problems;
}

/** Reads the status lines of gpg that `git verify-tag --raw` prints. */
export function parseStatus(text: string): Pick<Signed, 'code' | 'keyId' | 'fingerprints'> {
  const lines = text
    .split('\n')
    .filter((line) => line.startsWith('[GNUPG:] '))
    .map((line) => line.slice('[GNUPG:] '.length).split(' '));
  const verdicts = lines.filter(([word = '']) => word in CODES);
  const [verdict] = verdicts;
  if (verdict === undefined) return { code: 'N', keyId: '', fingerprints: [] };
  const [word = '', keyId = ''] = verdict;
  const valid = lines.find(([name]) => name === 'VALIDSIG');
  const fingerprints = valid === undefined ? [] : [valid[1] ?? '', valid[10] ?? ''];
  // Two signatures in one text are a trick: git takes none of them, either.
  const code = verdicts.length > 1 ? 'B' : (CODES[word] ?? 'B');
  return { code, keyId, fingerprints: fingerprints.filter((one) => one !== '') };
}

const CODES: Readonly<Record<string, SignatureCode>> = {
  GOODSIG: 'G',
  BADSIG: 'B',
  EXPSIG: 'X',
  EXPKEYSIG: 'Y',
  REVKEYSIG: 'R',
  ERRSIG: 'E',
};

/** One commit of a history. */
export interface HistoryEntry {
  readonly commit: string;
  readonly parents: readonly string[];
  /** Carries the trailer `Argocd-gpg-seal`. */
  readonly seal: boolean;
}

/** Reads `git log --format=%H%x00%P%x00%(trailers:key=Argocd-gpg-seal,valueonly=true)%x01`. */
export function parseHistory(listing: string): readonly HistoryEntry[] {
  return listing
    .split('\x01')
    .map((record) => record.trim())
    .filter((record) => record !== '')
    .map((record) => {
      const [commit = '', parents = '', seal = ''] = record.split('\0');
      return {
        commit,
        parents: parents.split(' ').filter((id) => id !== ''),
        seal: seal.trim() !== '',
      };
    });
}

/** Commits from `head` back, without going on behind a seal that is `good`. The seals are among them. */
export function untilSealed(
  history: readonly HistoryEntry[],
  head: string,
  good: ReadonlySet<string>,
): readonly string[] {
  const byCommit = new Map(history.map((entry) => [entry.commit, entry]));
  const reached = new Set<string>([head]);
  for (const commit of reached) {
    if (good.has(commit)) continue;
    for (const parent of byCommit.get(commit)?.parents ?? []) reached.add(parent);
  }
  return [...reached];
}

/** Reads records of `%H%x00%G?%x00%GK%x00%GF%x00%GP%x00%an <%ae>%x01`. */
export function parseSigned(listing: string): readonly Signed[] {
  return listing
    .split('\x01')
    .map((record) => record.trim())
    .filter((record) => record !== '')
    .map((record) => {
      const [revision = '', code = 'N', keyId = '', own = '', primary = '', author = ''] =
        record.split('\0');
      const fingerprints = [own, primary].filter((one) => one !== '');
      const known = code in REASONS || code === 'G';
      return {
        kind: 'commit',
        revision,
        author,
        code: known ? (code as SignatureCode) : 'B',
        keyId,
        fingerprints,
      };
    });
}
