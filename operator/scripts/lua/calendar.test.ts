import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createTestLua } from '../testing/lua.ts';

const run = createTestLua();

function first(expression: string): unknown {
  const outcome = run(`return {${expression}}`, { openLibs: true });
  if (outcome.type !== 'value' || outcome.value.type !== 'table') return outcome;
  return Array.isArray(outcome.value.value) ? outcome.value.value[0] : outcome.value.value;
}

/** Saturday, 2 January 2021, 03:04:05 UTC. */
const AT = 1_609_556_645;

describe('os.date writes a time, in UTC', () => {
  const cases: readonly [string, string][] = [
    ['%Y-%m-%dT%H:%M:%SZ', '2021-01-02T03:04:05Z'],
    ['!%Y-%m-%dT%XZ', '2021-01-02T03:04:05Z'],
    ['%a %A %b %B', 'Sat Saturday Jan January'],
    ['%c', 'Sat Jan  2 03:04:05 2021'],
    ['%x %X %y', '01/02/21 03:04:05 21'],
    ['%I:%M %p', '03:04 AM'],
    ['%j %w %U %W', '002 6 00 00'],
    ['100%%', '100%'],
    ['%F %T %R %e %D', '2021-01-02 03:04:05 03:04  2 01/02/21'],
    ['%Z %z', 'UTC +0000'],
    ['plain é', 'plain é'],
  ];
  for (const [format, expected] of cases)
    test(format, () => assert.equal(first(`os.date("${format}", ${AT})`), expected));

  test('a table of its parts', () => {
    const expected = {
      year: 2021,
      month: 1,
      day: 2,
      hour: 3,
      min: 4,
      sec: 5,
      wday: 7,
      yday: 2,
      isdst: false,
    };
    assert.deepEqual(first(`os.date("*t", ${AT})`), expected);
    assert.deepEqual(first(`os.date("!*t", ${AT})`), expected);
  });

  test('a very long format', () => {
    assert.equal(first(`os.date(string.rep("%Y", 5000), ${AT})`), '2021'.repeat(5000));
  });
});

test('os.time reads what os.date wrote, for centuries', () => {
  // Lua 5.1 reads the year as a 32-bit number, and -1 is the sign of failure.
  const seconds = fc.integer({ min: -62_000_000_000, max: 250_000_000_000 });
  fc.assert(
    fc.property(
      seconds.filter((time) => time !== -1),
      (time) => {
        const date = new Date(time * 1000);
        assert.equal(first(`os.time(os.date("*t", ${time}))`), time);
        assert.equal(
          first(`os.date("!%m-%dT%H:%M:%S", ${time})`),
          date.toISOString().slice(-19, -5),
        );
      },
    ),
  );
});

test('os.time carries over, and fills in noon', () => {
  assert.equal(first('os.time({year=2024, month=1, day=32, hour=0})'), Date.UTC(2024, 1, 1) / 1000);
  assert.equal(
    first('os.time({year=2024, month=14, day=1, hour=-1})'),
    Date.UTC(2025, 0, 31, 23) / 1000,
  );
  assert.equal(first('os.time({year=2024, month=2, day=29})'), Date.UTC(2024, 1, 29, 12) / 1000);
});
