import type { CommitDetails } from './commit-details.ts';

/** What a template may name. */
const NAMES = ['repoURL', 'drySha', 'author', 'date', 'subject', 'body'] as const;

export type Filled =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'unsupported'; readonly what: string };

const ACTION = /\{\{(-?)([\s\S]*?)(-?)\}\}/g;
const NAMED = /^\s*\.metadata\.(\w+)\s*(?:\|\s*trunc\s+(\d{1,3})\s*)?$/;

/**
 * A template with `{{ .metadata.NAME }}` and `{{ .metadata.NAME | trunc 7 }}` filled in: the part of Go templates that
 * is read. Anything else in braces is unsupported. What is filled in is not read as a template again.
 */
export function fillPlaceholders(template: string, details: CommitDetails): Filled {
  let unsupported: string | undefined;
  const text = template.replaceAll(ACTION, (action: string, left: string, inner: string, right) => {
    const [, name = '', length] = NAMED.exec(inner) ?? [];
    const known = NAMES.find((one) => one === name);
    if (known === undefined || left !== '' || right !== '') {
      unsupported ??= action;
      return '';
    }
    const value = details[known];
    return length === undefined ? value : value.slice(0, Number(length));
  });
  if (unsupported !== undefined) return { type: 'unsupported', what: unsupported };
  return { type: 'text', text };
}
