/** The calendar functions of C that `os.date` and `os.time` are made of, in UTC. */

/** Fields of `struct tm`, 32 bits each, in this order. */
const FIELDS = ['sec', 'min', 'hour', 'mday', 'mon', 'year', 'wday', 'yday', 'isdst'] as const;
type Tm = Record<(typeof FIELDS)[number], number>;

const DAY_MS = 86_400_000;

/** Writes the broken-down time of `seconds` since 1970. */
export function gmtime(view: DataView, seconds: number, at: number): void {
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  write(view, at, {
    sec: date.getUTCSeconds(),
    min: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    mday: date.getUTCDate(),
    mon: date.getUTCMonth(),
    year: year - 1900,
    wday: date.getUTCDay(),
    yday: Math.floor((date.getTime() - startOfYear(year)) / DAY_MS),
    isdst: 0,
  });
}

/** Seconds since 1970 of a broken-down time, which is normalised: the 32nd of January is the 1st of February. */
export function mktime(view: DataView, at: number): number {
  const tm = read(view, at);
  const date = new Date(0);
  date.setUTCFullYear(tm.year + 1900, tm.mon, tm.mday);
  date.setUTCHours(tm.hour, tm.min, tm.sec, 0);
  const seconds = Math.floor(date.getTime() / 1000);
  if (Number.isNaN(seconds)) return -1;
  gmtime(view, seconds, at);
  return seconds;
}

const startOfYear = (year: number): number => new Date(0).setUTCFullYear(year, 0, 1);

function write(view: DataView, at: number, tm: Tm): void {
  for (const [index, field] of FIELDS.entries()) view.setInt32(at + index * 4, tm[field], true);
  view.setInt32(at + FIELDS.length * 4, 0, true); // the offset of the zone
}

function read(view: DataView, at: number): Tm {
  const values = FIELDS.map((field, index) => [field, view.getInt32(at + index * 4, true)]);
  return Object.fromEntries(values) as Tm;
}

/** Where `strftime` reads and writes: addresses, and the room for the text with its ending zero. */
export interface Formatting {
  readonly to: number;
  readonly max: number;
  readonly format: number;
  readonly tm: number;
}

/** Writes a time as text; returns the length in bytes, 0 when there is not enough room. */
export function strftime(memory: Uint8Array, { to, max, format, tm }: Formatting): number {
  const pattern = Buffer.from(memory.subarray(format, memory.indexOf(0, format))).toString('utf8');
  const view = new DataView(memory.buffer, memory.byteOffset);
  const text = Buffer.from(formatTime(pattern, read(view, tm)), 'utf8');
  if (text.length + 1 > max) return 0;
  memory.set(text, to);
  memory[to + text.length] = 0;
  return text.length;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];

/** The conversions of C89 in the C locale, and the widespread ones of C99. */
const CONVERSIONS: Readonly<Record<string, string | ((tm: Tm) => string)>> = {
  a: (tm) => day(tm).slice(0, 3),
  A: (tm) => day(tm),
  b: (tm) => month(tm).slice(0, 3),
  B: (tm) => month(tm),
  c: '%a %b %e %H:%M:%S %Y',
  C: (tm) => two(Math.floor((tm.year + 1900) / 100)),
  d: (tm) => two(tm.mday),
  D: '%m/%d/%y',
  e: (tm) => String(tm.mday).padStart(2),
  F: '%Y-%m-%d',
  h: '%b',
  H: (tm) => two(tm.hour),
  I: (tm) => two(tm.hour % 12 || 12),
  j: (tm) => String(tm.yday + 1).padStart(3, '0'),
  m: (tm) => two(tm.mon + 1),
  M: (tm) => two(tm.min),
  n: () => '\n',
  p: (tm) => (tm.hour < 12 ? 'AM' : 'PM'),
  r: '%I:%M:%S %p',
  R: '%H:%M',
  s: (tm) => String(secondsOf(tm)),
  S: (tm) => two(tm.sec),
  t: () => '\t',
  T: '%H:%M:%S',
  u: (tm) => String(tm.wday || 7),
  U: (tm) => two(Math.floor((tm.yday + 7 - tm.wday) / 7)),
  w: (tm) => String(tm.wday),
  W: (tm) => two(Math.floor((tm.yday + 7 - ((tm.wday + 6) % 7)) / 7)),
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  y: (tm) => two((tm.year + 1900) % 100),
  Y: (tm) => String(tm.year + 1900),
  z: () => '+0000',
  Z: () => 'UTC',
  '%': () => '%',
};

/** An unknown conversion stays as it is. */
function formatTime(pattern: string, tm: Tm): string {
  return pattern.replace(/%([A-Za-z%])/g, (whole, letter: string) => {
    const conversion = Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter] : undefined;
    if (conversion === undefined) return whole;
    return typeof conversion === 'string' ? formatTime(conversion, tm) : conversion(tm);
  });
}

const two = (value: number): string => String(value).padStart(2, '0');
const day = (tm: Tm): string => DAYS[tm.wday] ?? '?';
const month = (tm: Tm): string => MONTHS[tm.mon] ?? '?';
const secondsOf = (tm: Tm): number =>
  Date.UTC(tm.year + 1900, tm.mon, tm.mday, tm.hour, tm.min, tm.sec) / 1000;
