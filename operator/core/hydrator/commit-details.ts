/** What a commit of the dry source says of itself. */
export interface DryCommit {
  readonly sha: string;
  /** Without user information. */
  readonly repoUrl: string;
  /** `Name <address>`. */
  readonly author: string;
  /** RFC 3339. */
  readonly date: string;
  /** Whole, with trailers. */
  readonly message: string;
}

/** Another commit that one names in trailers, such as that of the code behind a new image. Nobody checked it. */
export interface CommitReference {
  readonly author?: string;
  readonly body?: string;
  readonly date?: string;
  readonly repoURL?: string;
  readonly sha?: string;
  readonly subject?: string;
}

/** Members of `hydrator.metadata` at the root. */
export interface CommitDetails {
  readonly repoURL: string;
  readonly drySha: string;
  readonly author: string;
  readonly date: string;
  readonly subject: string;
  readonly body: string;
  readonly references: readonly { readonly commit: CommitReference }[];
}

const MAX_MESSAGE_CHARACTERS = 16_384;
const TRAILER = /^Argocd-reference-commit-(author|body|date|repourl|sha|subject):\s*(.*)$/i;

/** Total; a message that is too long is cut. */
export function commitDetails(commit: DryCommit): CommitDetails {
  const text = commit.message.slice(0, MAX_MESSAGE_CHARACTERS).replaceAll('\r\n', '\n').trim();
  const [subject = '', ...rest] = text.split('\n');
  const body = rest.join('\n').trim();
  return {
    repoURL: commit.repoUrl,
    drySha: commit.sha,
    ...{ author: commit.author, date: commit.date, subject, body },
    references: referencesIn(body),
  };
}

/** One reference: the trailers of one commit are about one other. */
function referencesIn(body: string): CommitDetails['references'] {
  const commit: Record<string, string> = {};
  for (const line of body.slice(body.lastIndexOf('\n\n') + 1).split('\n')) {
    const [, name = '', value = ''] = TRAILER.exec(line) ?? [];
    if (name === '') continue;
    const key = name.toLowerCase();
    commit[key === 'repourl' ? 'repoURL' : key] = key === 'body' ? unquoted(value) : value.trim();
  }
  return Object.keys(commit).length === 0 ? [] : [{ commit }];
}

/** The body of another commit stands on one line, as a JSON text. */
function unquoted(value: string): string {
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === 'string' ? parsed : value;
  } catch {
    return value; // somebody wrote it without quotes
  }
}
