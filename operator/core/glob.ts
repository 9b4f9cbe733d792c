/** A compiled glob. */
export type Glob = (text: string) => boolean;

export interface GlobOptions {
  /** Characters that `*` and `?` do not stand for; `**` does. Default: none. */
  readonly separators?: string;
  /** What a pattern that is not well formed matches. Default: its own text. */
  readonly malformed?: 'itself' | 'nothing';
  /** Whether `[^a]` is `[!a]`, as in globs of files; else `^` is a character. Default: false. */
  readonly caretNegates?: boolean;
}

/**
 * Compiles a glob as Argo CD matches paths, names and URLs: `*` stands for any text, `?` for one
 * character; `**` is `*` that also crosses separators; `[abc]`, `[a-z]` and `[!a]` for one of a set;
 * `{a,b}` for alternatives, which may nest; `\` takes the next character literally. The work of
 * matching is at most (pattern × text).
 */
export function compileGlob(pattern: string, options: GlobOptions = {}): Glob {
  const { separators = '', malformed = 'itself', caretNegates = false } = options;
  if (!/[*?[\]{}\\]/.test(pattern)) return (text) => text === pattern;
  const alternatives = expandBraces(pattern)?.map((one) => tokenize(one, caretNegates));
  const wellFormed = alternatives?.filter((tokens) => tokens !== undefined);
  if (wellFormed === undefined || wellFormed.length !== alternatives?.length)
    return (text) => malformed === 'itself' && text === pattern;
  const matchers = wellFormed.map((tokens) => matcherOf(tokens, separators));
  return (text) => matchers.some((matches) => matches(text));
}

/** Most texts fail at the characters that a pattern begins with, and are not walked through. */
function matcherOf(tokens: readonly Token[], separators: string): Glob {
  const head = headOf(tokens);
  const rest = tokens.slice(Array.from(head).length);
  const [first] = rest;
  const isOpen =
    rest.length === 1 && first?.type === 'any-text' && (first.crosses || separators === '');
  return (text) =>
    text.startsWith(head) &&
    (isOpen || matchTokens(rest, Array.from(text.slice(head.length)), separators));
}

function headOf(tokens: readonly Token[]): string {
  let head = '';
  for (const token of tokens) {
    if (token.type !== 'character') break;
    // Half of a pair is not the beginning of the pair.
    if (/^[\uD800-\uDBFF]$/.test(token.character)) break;
    head += token.character;
  }
  return head;
}

/** Whether the text matches; compile once when matching often. */
export function matchGlob(pattern: string, text: string): boolean {
  return compileGlob(pattern)(text);
}

/** One step of a pattern. */
export type Token =
  | { readonly type: 'any-text'; readonly crosses: boolean }
  | { readonly type: 'any-character' }
  | { readonly type: 'character'; readonly character: string }
  | { readonly type: 'set'; readonly negated: boolean; readonly ranges: readonly Range[] };

export interface Range {
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

function tokenize(pattern: string, caretNegates: boolean): Token[] | undefined {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let index = 0; index < characters.length; index += 1) {
    const character = characters[index] ?? '';
    if (character === '*') {
      const crosses = characters[index + 1] === '*';
      while (characters[index + 1] === '*') index += 1;
      tokens.push({ type: 'any-text', crosses });
    } else if (character === '?') {
      tokens.push({ type: 'any-character' });
    } else if (character === '[') {
      const close = characters.indexOf(']', index + 2);
      const set =
        close < 0 ? undefined : parseSet(characters.slice(index + 1, close), caretNegates);
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

function parseSet(content: readonly string[], caretNegates: boolean): Token | undefined {
  const negated = content[0] === '!' || (caretNegates && content[0] === '^');
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

/** Whether the tokens match all of the text: all ways through the pattern are walked at once. */
export function matchTokens(
  tokens: readonly Token[],
  characters: readonly string[],
  separators: string,
): boolean {
  let reached = new Uint8Array(tokens.length + 1);
  reach(reached, tokens, 0);
  for (const character of characters) {
    const next = new Uint8Array(tokens.length + 1);
    const separates = separators.includes(character);
    for (const [at, token] of tokens.entries()) {
      if (reached[at] === 0) continue;
      if (token.type === 'any-text') {
        if (token.crosses || !separates) reach(next, tokens, at);
      } else if (accepts(token, character, separates)) reach(next, tokens, at + 1);
    }
    reached = next;
  }
  return reached[tokens.length] === 1;
}

/** A star may stand for nothing, so what follows it is reached as well. */
function reach(reached: Uint8Array, tokens: readonly Token[], at: number): void {
  let position = at;
  reached[position] = 1;
  while (tokens[position]?.type === 'any-text') {
    position += 1;
    reached[position] = 1;
  }
}

function accepts(token: Token, character: string, separates: boolean): boolean {
  switch (token.type) {
    case 'any-text':
      return false;
    case 'any-character':
      return !separates;
    case 'character':
      return token.character === character;
    case 'set':
      return (
        token.ranges.some((range) => range.from <= character && character <= range.to) !==
        token.negated
      );
  }
}
