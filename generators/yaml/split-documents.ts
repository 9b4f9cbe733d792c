/** One document of a text, as kubectl cuts it. */
export interface Chunk {
  readonly text: string;
  /** Lines of the whole text before it. */
  readonly linesBefore: number;
}

/** A line of three dashes with nothing but blanks and a comment behind it. */
const SEPARATOR = /^---[^\S\n]*(?:#[^\n]*)?$/gm;

/** The text between the separators, in order; with what stands before the first one. */
export function splitDocuments(text: string): readonly Chunk[] {
  const chunks: Chunk[] = [];
  let [start, linesBefore] = [0, 0];
  for (const { index, 0: line } of text.matchAll(SEPARATOR)) {
    const chunk = text.slice(start, index);
    chunks.push({ text: chunk, linesBefore });
    linesBefore += countLines(chunk);
    start = index + line.length; // its line end is the first of the next chunk
  }
  chunks.push({ text: text.slice(start), linesBefore });
  return chunks.filter((chunk) => chunk.text.trim() !== '');
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
