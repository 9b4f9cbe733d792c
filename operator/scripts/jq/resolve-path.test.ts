import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { resolvePath } from './resolve-path.ts';

const root = { list: ['a', 'b', 'c', ['x', 'y']], text: 'abc', none: null };
const part = (start: number | null, end: number | null) => ({ start, end });

describe('a path of jq as paths of names and indexes', () => {
  const cases: readonly [string, readonly unknown[], readonly (readonly (string | number)[])[]][] =
    [
      ['plain', ['list', 1], [['list', 1]]],
      ['to where there is nothing', ['nothing', 7, 'x'], [['nothing', 7, 'x']]],
      ['from the end', ['list', -1], [['list', 3]]],
      ['from the end, twice', ['list', -1, -2], [['list', 3, 0]]],
      ['before the beginning', ['list', -5], []],
      ['from the end of nothing', ['none', -1], []],
      [
        'a part',
        ['list', part(1, 3)],
        [
          ['list', 1],
          ['list', 2],
        ],
      ],
      [
        'an open part',
        ['list', part(2, null)],
        [
          ['list', 2],
          ['list', 3],
        ],
      ],
      ['a part from the end', ['list', part(-3, -2)], [['list', 1]]],
      ['an empty part', ['list', part(3, 1)], []],
      ['a part larger than the list', ['list', part(3, 99)], [['list', 3]]],
      ['a part of nothing', ['nothing', part(0, 2)], []],
      ['a part of a text', ['text', part(0, 2)], []],
      ['an item of a part', ['list', part(1, 3), 1], [['list', 2]]],
      ['an item from the end of a part', ['list', part(1, 3), -1], [['list', 2]]],
      ['an item beyond a part', ['list', part(1, 3), 2], []],
      ['an item of an item of a part', ['list', part(3, null), 0, 1], [['list', 3, 1]]],
      [
        'a part of a part',
        ['list', part(1, null), part(1, null)],
        [
          ['list', 2],
          ['list', 3],
        ],
      ],
      ['a name in a part', ['list', part(1, 3), 'x'], []],
      ['a broken index', ['list', 1.7], [['list', 1]]],
      [
        'a broken part',
        ['list', part(1.5, 2.5)],
        [
          ['list', 1],
          ['list', 2],
        ],
      ],
    ];
  for (const [name, path, expected] of cases)
    test(name, () =>
      assert.deepEqual(
        resolvePath(path, () => root),
        expected,
      ),
    );
});

test('the object is not read when every step is plain', () => {
  assert.deepEqual(
    resolvePath(['a', 0], () => assert.fail('read')),
    [['a', 0]],
  );
});
