/** One line of a log. */
export interface LogLine {
  /** RFC 3339 with the digits that the container runtime wrote; sorts as text when padded. */
  readonly time: string;
  readonly text: string;
}

/** A line that is longer comes in parts. */
const MAX_LINE = 65_536;

/** Splits a log into its lines, which begin with their time. */
export async function* logLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<LogLine> {
  const decoder = new TextDecoder();
  let rest = '';
  let time = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    let start = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      const line = parse(rest.slice(start, end), time);
      ({ time } = line);
      start = end + 1;
      yield line;
    }
    rest = rest.slice(start);
    if (rest.length > MAX_LINE) {
      const line = parse(rest, time);
      ({ time } = line);
      rest = '';
      yield line;
    }
  }
  if (rest !== '') yield parse(rest, time);
}

const TIMED = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) ?(.*)$/s;

/** A part of a line has no time, and takes that of the one before. */
function parse(line: string, before: string): LogLine {
  const bare = line.endsWith('\r') ? line.slice(0, -1) : line;
  const [, time = before, text = bare] = TIMED.exec(bare) ?? [];
  return { time, text };
}

/** A time as a text that sorts: UTC with nine digits. What is no time sorts first. */
export function sortable(time: string): string {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(time);
  if (match === null) return '';
  const [, seconds = '', digits = '', zone = 'Z'] = match;
  const utc = zone === 'Z' ? `${seconds}Z` : inUtc(`${seconds}${zone}`);
  return `${utc.slice(0, 19)}.${digits.padEnd(9, '0')}Z`;
}

function inUtc(text: string): string {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? '' : at.toISOString();
}

/** Whether a line is wanted: it holds the text, or with `!` in front it does not. */
export function matcherOf(filter: string, matchCase: boolean): (text: string) => boolean {
  if (filter === '') return () => true;
  const inverted = filter.startsWith('!');
  const fold = (text: string): string => (matchCase ? text : text.toLowerCase());
  const wanted = fold(inverted ? filter.slice(1) : filter);
  if (wanted === '') return () => true;
  return (text) => fold(text).includes(wanted) !== inverted;
}
