const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** An RFC 3339 timestamp in microseconds since 1970, cut off below; `undefined` if it is none. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour, zoneMinute] =
    match;
  const days = daysSince1970(Number(year), Number(month), Number(day));
  const ahead = (Number(zoneHour ?? 0) * 60 + Number(zoneMinute ?? 0)) * (sign === '-' ? -1 : 1);
  const seconds = ((days * 24 + Number(hour)) * 60 + Number(minute) - ahead) * 60 + Number(second);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'));
}

/** Of the Gregorian calendar, counted in years that begin in March, so that a leap day comes last. */
function daysSince1970(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** Whether two texts are the same time, as the API server keeps it: to the second, or to the microsecond. */
export function timestampEqual(
  left: string,
  right: string,
  precision: 'second' | 'microsecond',
): boolean {
  const [first, second] = [parseTimestamp(left), parseTimestamp(right)];
  if (first === undefined || second === undefined) return false;
  const unit = precision === 'second' ? 1_000_000n : 1n;
  return first / unit === second / unit;
}
