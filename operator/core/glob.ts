/** A compiled glob. */
export type Glob = (text: string) => boolean;

/**
 * Compiles a glob without separators, as Argo CD matches paths, names and URLs: `*` (and `**`) stands
 * for any text, also across `/`; `?` for one character; `[abc]`, `[a-z]` and `[!a]` for one of a set;
 * `{a,b}` for alternatives, which may nest; `\` takes the next character literally. A pattern that
 * is not well formed matches only its own text. Matching is linear in the length of the text for
 * patterns without `*` and never exponential.
 */
export function compileGlob(pattern: string): Glob {
  const alternatives = expandBraces(pattern);
  if (alternatives === undefined) return (text) => text === pattern;
  const matchers: Token[][] = [];
  for (const alternative of alternatives) {
    const tokens = tokenize(alternative);
    if (tokens === undefined) return (text) => text === pattern;
    matchers.push(tokens);
  }
  return (text) => {
    const characters = Array.from(text);
    return matchers.some((tokens) => matches(tokens, characters));
  };
}

/** Whether the text matches; compile once when matching often. */
export function matchGlob(pattern: string, text: string): boolean {
  return compileGlob(pattern)(text);
}

type Token =
  | { readonly type: 'any-text' }
  | { readonly type: 'any-character' }
  | { readonly type: 'character'; readonly character: string }
  | { readonly type: 'set'; readonly negated: boolean; readonly ranges: readonly Range[] };

interface Range {
  readonly from: string;
  readonly to: string;
}

// Nested braces multiply; nobody means more than this.
const MAX_ALTERNATIVES = 1_000;

function expandBraces(pattern: string): string[] | undefined {
  const open = findUnescaped(pattern, '{', 0);
  if (open < 0) return findUnescaped(pattern, '}', 0) < 0 ? [pattern] : undefined;
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let index = open; index < pattern.length; index += 1) {
    const character = pattern[index];
    if (character === '\\') index += 1;
    else if (character === '{') depth += 1;
    else if (character === ',' && depth === 1) {
      parts.push(pattern.slice(start, index));
      start = index + 1;
    } else if (character === '}') {
      depth -= 1;
      if (depth > 0) continue;
      parts.push(pattern.slice(start, index));
      return combine(pattern.slice(0, open), parts, pattern.slice(index + 1));
    }
  }
  return undefined;
}

function combine(head: string, parts: readonly string[], tail: string): string[] | undefined {
  const tails = expandBraces(tail);
  if (tails === undefined) return undefined;
  const result: string[] = [];
  for (const part of parts) {
    const middles = expandBraces(part);
    if (middles === undefined) return undefined;
    for (const middle of middles) {
      for (const rest of tails) {
        result.push(head + middle + rest);
        if (result.length > MAX_ALTERNATIVES) return undefined;
      }
    }
  }
  return result;
}

function findUnescaped(text: string, wanted: string, from: number): number {
  for (let index = from; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === wanted) return index;
  }
  return -1;
}

function tokenize(pattern: string): Token[] | undefined {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === '*') {
      if (tokens.at(-1)?.type !== 'any-text') tokens.push({ type: 'any-text' });
    } else if (character === '?') {
      tokens.push({ type: 'any-character' });
    } else if (character === '[') {
      const close = characters.indexOf(']', index + 2);
      const set = close < 0 ? undefined : parseSet(characters.slice(index + 1, close));
      if (set === undefined) return undefined;
      tokens.push(set);
      index = close;
    } else if (character === '\\') {
      index += 1;
      tokens.push({ type: 'character', character: characters[index] ?? '\\' });
    } else {
      tokens.push({ type: 'character', character });
    }
  }
  return tokens;
}

function parseSet(content: readonly string[]): Token | undefined {
  const negated = content[0] === '!' || content[0] === '^';
  const members = negated ? content.slice(1) : content;
  if (members.length === 0) return undefined;
  const ranges: Range[] = [];
  for (let index = 0; index < members.length; index += 1) {
    const from = members[index] ?? '';
    const to = members[index + 2];
    if (members[index + 1] === '-' && to !== undefined) {
      ranges.push({ from, to });
      index += 2;
    } else {
      ranges.push({ from, to: from });
    }
  }
  return { type: 'set', negated, ranges };
}

// The classic two-pointer walk: on a mismatch only the latest star is extended, so the work is at
// most (pattern × text).
function matches(tokens: readonly Token[], characters: readonly string[]): boolean {
  let token = 0;
  let position = 0;
  let star = -1;
  let starPosition = 0;
  while (position < characters.length) {
    const current = tokens[token];
    if (current?.type === 'any-text') {
      star = token;
      starPosition = position;
      token += 1;
    } else if (current !== undefined && accepts(current, characters[position] ?? '')) {
      token += 1;
      position += 1;
    } else if (star >= 0) {
      token = star + 1;
      starPosition += 1;
      position = starPosition;
    } else {
      return false;
    }
  }
  while (tokens[token]?.type === 'any-text') token += 1;
  return token === tokens.length;
}

function accepts(token: Token, character: string): boolean {
  switch (token.type) {
    case 'any-text':
      return false;
    case 'any-character':
      return true;
    case 'character':
      return token.character === character;
    case 'set':
      return (
        token.ranges.some((range) => range.from <= character && character <= range.to) !==
        token.negated
      );
  }
}
