/** A link that people follow. */
export interface NamedLink {
  readonly title: string;
  readonly url: string;
}

const FOLLOWED = /^https?:\/\/[^\s/?#]+[^\s]*$/i;

/** A URL, or `title|url`; `undefined` for anything that a browser should not be sent to. */
export function linkOf(text: string): NamedLink | undefined {
  const bar = text.lastIndexOf('|');
  const [title, url] = bar < 0 ? [text, text] : [text.slice(0, bar), text.slice(bar + 1)];
  return FOLLOWED.test(url) ? { title, url } : undefined;
}
