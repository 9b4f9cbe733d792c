import type { CommitDetails } from './commit-details.ts';
import { fillPlaceholders, type Filled } from './placeholders.ts';

/** What `argocd-cm` says of hydrated commits; empty texts are defaults. */
export interface CommitSettings {
  readonly authorName: string;
  readonly authorEmail: string;
  readonly messageTemplate: string;
  readonly readmeTemplate: string;
}

const DEFAULT_NAME = 'Argo CD';
const DEFAULT_EMAIL = 'argo-cd@example.com';

export function readCommitSettings(texts: ReadonlyMap<string, string>): CommitSettings {
  const text = (key: string): string => texts.get(key) ?? '';
  return {
    authorName: text('commit.author.name'),
    authorEmail: text('commit.author.email'),
    messageTemplate: text('sourceHydrator.commitMessageTemplate'),
    readmeTemplate: text('sourceHydrator.readmeMessageTemplate'),
  };
}

/** `Name <address>`, as Git takes it: without what would end either part. */
export function commitAuthor({ authorName, authorEmail }: CommitSettings): string {
  const plain = (text: string): string => text.replaceAll(/[<>\p{Cc}]/gu, '').trim();
  return `${plain(authorName) || DEFAULT_NAME} <${plain(authorEmail) || DEFAULT_EMAIL}>`;
}

/** The message of a hydrated commit: by the template, else the subject, body and authors of the dry one. */
export function commitMessage(details: CommitDetails, template: string): Filled {
  if (template.trim() !== '') return nonEmpty(fillPlaceholders(template, details), details);
  const { drySha, subject, body, references, author } = details;
  const authors = [...references.map(({ commit }) => commit.author ?? ''), author].filter(
    (one) => one !== '',
  );
  const trailers = [...new Set(authors)].map((one) => `Co-authored-by: ${onLine(one)}`).join('\n');
  const title = `${drySha.slice(0, 7)}: ${subject}`.trim();
  const parts = [title, body, trailers].filter((part) => part !== '');
  return { type: 'text', text: `${parts.join('\n\n')}\n` };
}

/** Git refuses a commit without a message. */
function nonEmpty(filled: Filled, { drySha }: CommitDetails): Filled {
  if (filled.type === 'unsupported' || filled.text.trim() !== '') return filled;
  return { type: 'text', text: `${drySha}\n` };
}

const onLine = (text: string): string => text.replaceAll(/[\r\n]+/g, ' ');
