import { matchTokens, type Range, type Token } from '../glob.ts';

/**
 * Shell-style matching of one path segment, as kinds and groups of a project are matched: `*` and
 * `?` do not cross `/`, `[a-z]` and `[^a]` are sets, `\` escapes. A pattern that is not well formed
 * matches nothing.
 */
export function pathMatch(pattern: string, text: string): boolean {
  if (pattern === '*') return !text.includes('/');
  if (!/[*?[\\]/.test(pattern)) return pattern === text;
  const tokens = tokenize(Array.from(pattern));
  return tokens !== undefined && matchTokens(tokens, Array.from(text), '/');
}

function tokenize(characters: readonly string[]): readonly Token[] | undefined {
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at += 1) {
    const character = characters[at] ?? '';
    if (character === '*') tokens.push({ type: 'any-text', crosses: false });
    else if (character === '?') tokens.push({ type: 'any-character' });
    else if (character === '[') {
      const set = readSet(characters, at + 1);
      if (set === undefined) return undefined;
      tokens.push(set.token);
      at = set.close;
    } else if (character === '\\') {
      at += 1;
      const escaped = characters[at];
      if (escaped === undefined) return undefined;
      tokens.push({ type: 'character', character: escaped });
    } else tokens.push({ type: 'character', character });
  }
  return tokens;
}

interface ReadSet {
  readonly token: Token;
  /** Where its `]` stands. */
  readonly close: number;
}

function readSet(characters: readonly string[], start: number): ReadSet | undefined {
  const negated = characters[start] === '^';
  const ranges: Range[] = [];
  let at = negated ? start + 1 : start;
  while (characters[at] !== ']' || ranges.length === 0) {
    const from = readMember(characters, at);
    if (from === undefined) return undefined;
    at = from.next;
    if (characters[at] !== '-') {
      ranges.push({ from: from.character, to: from.character });
      continue;
    }
    const to = readMember(characters, at + 1);
    if (to === undefined) return undefined;
    ranges.push({ from: from.character, to: to.character });
    at = to.next;
  }
  return { token: { type: 'set', negated, ranges }, close: at };
}

/** One character of a set; `-` and `]` must be escaped there. */
function readMember(
  characters: readonly string[],
  at: number,
): { readonly character: string; readonly next: number } | undefined {
  const character = characters[at];
  if (character === undefined || character === '-' || character === ']') return undefined;
  if (character !== '\\') return { character, next: at + 1 };
  const escaped = characters[at + 1];
  return escaped === undefined ? undefined : { character: escaped, next: at + 2 };
}
