/**
 * Writes JSON as clients of Go servers know it: no line breaks, and `<`, `>`, `&` and the two separators that
 * JavaScript once took for line ends are escaped, so that an answer is harmless inside a page.
 */
export function encodeJson(value: unknown): string {
  return (JSON.stringify(value) ?? 'null').replace(/[<>&\u2028\u2029]/g, escape);
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
