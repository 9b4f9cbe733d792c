/**
 * Shell-style matching of one path segment: `*` and `?` do not cross `/`, `[a-z]` and `[^a]` are
 * sets, `\` escapes. A pattern that is not well formed matches nothing.
 */
export function pathMatch(pattern: string, text: string): boolean {
  const source = translate(pattern);
  return source !== undefined && new RegExp(`^${source}$`, 'su').test(text);
}

function translate(pattern: string): string | undefined {
  let source = '';
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] ?? '';
    if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\') {
      at += 1;
      const escaped = pattern[at];
      if (escaped === undefined) return undefined;
      source += literal(escaped);
    } else if (char === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end < 0) return undefined;
      const body = pattern.slice(at + 1, end);
      const negated = body.startsWith('^');
      const set = (negated ? body.slice(1) : body).replace(/[\\\]^]/g, '\\$&');
      if (set === '') return undefined;
      source += `[${negated ? '^' : ''}${set}]`;
      at = end;
    } else source += literal(char);
  }
  return source;
}

function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
}
