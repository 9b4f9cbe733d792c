import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseConstraint } from './constraint.ts';
import { parseLsRemote, type RefTable } from './ref-table.ts';
import { resolveRevision } from './resolve-revision.ts';
import { compareVersions, parseVersion } from './version.ts';

/** A table whose commits can be told from the names: the first letters of 40. */
function table(names: readonly string[]): RefTable {
  return parseLsRemote(
    ['ref: refs/heads/main\tHEAD', `${commitOf('refs/heads/main')}\tHEAD`]
      .concat(names.map((name) => `${commitOf(name)}\t${name}`))
      .join('\n'),
  );
}

function commitOf(name: string): string {
  return Buffer.from(name).toString('hex').padEnd(40, '0').slice(-40);
}

const REFS = table([
  'refs/heads/1.x',
  'refs/heads/feature/a',
  'refs/heads/main',
  'refs/pull/1/head',
  'refs/tags/v1.0.0',
  'refs/tags/v1.1.0',
  'refs/tags/v1.2.0-rc1',
  'refs/tags/v2.0.0',
]);

const cases: readonly (readonly [text: string, ref: string | undefined])[] = [
  ['', 'refs/heads/main'],
  ['HEAD', 'refs/heads/main'],
  ['main', 'refs/heads/main'],
  ['refs/heads/main', 'refs/heads/main'],
  ['heads/main', undefined],
  ['feature/a', 'refs/heads/feature/a'],
  ['pull/1/head', 'refs/pull/1/head'],
  ['v1.0.0', 'refs/tags/v1.0.0'],
  ['v1.2', undefined],
  ['1', undefined],
  ['1.0.0', undefined],
  ['1.x', 'refs/tags/v1.1.0'],
  ['1.*', 'refs/tags/v1.1.0'],
  ['^1', 'refs/tags/v1.1.0'],
  ['~1.1', 'refs/tags/v1.1.0'],
  ['<2', 'refs/tags/v1.1.0'],
  ['*', 'refs/tags/v2.0.0'],
  ['>=1.0.0-0', 'refs/tags/v2.0.0'],
  ['>1', 'refs/tags/v2.0.0'],
  ['~1.2.0-0', 'refs/tags/v1.2.0-rc1'],
  ['~1.2.0', undefined],
  ['refs/heads/1.x', 'refs/heads/1.x'],
  ['9.x', undefined],
  ['nothing', undefined],
];

describe('resolving a revision', () => {
  for (const [text, ref] of cases) {
    test(`"${text}" ${ref === undefined ? 'is not found' : `is ${ref}`}`, () => {
      const resolved = resolveRevision(REFS, text);
      if (ref === undefined) assert.equal(resolved.type, 'not-found');
      else assert.equal(resolved.type === 'commit' ? resolved.commit : '', commitOf(ref));
    });
  }

  test('a full commit is itself, whatever the refs say', () => {
    const commit = 'A'.repeat(40);
    assert.deepEqual(resolveRevision(table([]), commit), {
      type: 'commit',
      commit: commit.toLowerCase(),
      ref: undefined,
    });
  });

  test('seven hex digits are a short commit, unless a ref has the name', () => {
    assert.equal(resolveRevision(REFS, 'abcdef1').type, 'short-commit');
    assert.equal(resolveRevision(REFS, 'abcdef').type, 'not-found');
    assert.equal(resolveRevision(table(['refs/heads/abcdef1']), 'abcdef1').type, 'commit');
  });

  test('an annotated tag is its commit', () => {
    const refs = parseLsRemote(
      `${'1'.repeat(40)}\trefs/tags/v1\n${'2'.repeat(40)}\trefs/tags/v1^{}`,
    );
    const resolved = resolveRevision(refs, 'v1');
    assert.equal(resolved.type === 'commit' && resolved.commit, '2'.repeat(40));
  });

  test('a range beats a branch of the same text, and falls back to it without a tag', () => {
    const refs = table(['refs/heads/1.x', 'refs/tags/v2.0.0']);
    const resolved = resolveRevision(refs, '1.x');
    assert.equal(resolved.type === 'commit' && resolved.ref, '1.x');
  });

  test('a tag prefix restricts versions and leaves names alone', () => {
    const refs = table([
      'refs/tags/app-1.1.0',
      'refs/tags/app-1.0.0',
      'refs/tags/1.9.0',
      'refs/heads/main',
    ]);
    const pick = (text: string) => {
      const resolved = resolveRevision(refs, text, 'app-');
      return resolved.type === 'commit' ? resolved.ref : resolved.type;
    };
    assert.equal(pick('1.x'), 'refs/tags/app-1.1.0');
    assert.equal(pick('1.0.0'), 'app-1.0.0');
    assert.equal(pick('main'), 'main');
    assert.equal(pick('2.x'), 'not-found');
    assert.equal(pick('1.9.0'), 'not-found');
    assert.equal(pick('b'.repeat(40)), undefined);
    assert.equal(resolveRevision(refs, 'x:main').type, 'not-found');
  });

  test('nobody can write a tag prefix into the revision itself', () => {
    const refs = table(['refs/tags/app-1.1.0', 'refs/tags/1.0.0']);
    for (const text of ['app-:1.x', 'app-:1.1.0', ':1.x', ' app-:1.x '])
      for (const tagPrefix of ['', 'app-'])
        assert.equal(resolveRevision(refs, text, tagPrefix).type, 'not-found', text);
  });
});

const ranges: readonly (readonly [
  range: string,
  tags: readonly string[],
  best: string | undefined,
])[] = [
  ['< v1.0.0-rc3', ['v1.0.0-rc2', 'v1.0.0-rc3', 'v1.0.0'], 'v1.0.0-rc2'],
  ['> 2024.0.0-apple', ['2024-apple', '2024-banana'], '2024-banana'],
  ['>11', ['11.1.0', '12.0.0', '12.1.0'], '12.1.0'],
  ['>11', ['11.1.0', '11.9.9'], undefined],
  ['<=11', ['11.1.0', '12.0.0'], '11.1.0'],
  ['!=1.1', ['1.0.0', '1.1.5'], '1.0.0'],
  ['~0.0.0', ['0.0.1', '3.2.1'], '3.2.1'],
  ['^0.2.3', ['0.2.4', '0.3.0'], '0.2.4'],
  ['^0.0.3', ['0.0.3', '0.0.4'], '0.0.3'],
  ['1.2 - 1.4.5', ['1.1.0', '1.4.5', '1.4.6'], '1.4.5'],
  ['>= 1.2, < 2.0 || > 3', ['1.2.0', '2.5.0', '4.0.0'], '4.0.0'],
  ['>=1 <2', ['1.5.0', '2.0.0'], '1.5.0'],
  ['=>1', ['1.0.0'], '1.0.0'],
  ['~>1.2', ['1.2.9', '1.3.0'], '1.2.9'],
  ['*-0', ['1.0.0-beta'], '1.0.0-beta'],
  ['X', ['1.0.0'], '1.0.0'],
  ['>=1.0.0-0', ['2.0.0-rc.1', '1.0.0'], '2.0.0-rc.1'],
];

describe('ranges of versions', () => {
  for (const [range, tags, best] of ranges) {
    test(`${range} of ${tags.join(' ')} is ${best ?? 'none'}`, () => {
      const resolved = resolveRevision(table(tags.map((tag) => `refs/tags/${tag}`)), range);
      assert.equal(
        resolved.type === 'commit' ? resolved.ref : undefined,
        best === undefined ? undefined : `refs/tags/${best}`,
      );
    });
  }

  for (const text of ['main', 'v', '1.2.3.4', '', '>', '1,', 'feature/1', '^a', '1..2']) {
    test(`"${text}" is no range`, () => assert.equal(parseConstraint(text), undefined));
  }

  const version = fc
    .tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.constantFrom('', '-a', '-rc.1', '-rc.10', '-1'))
    .map(([major, minor, patch, pre]) => `${major}.${minor}.${patch}${pre}`);

  test('the order of versions is total, and a bound divides releases in two', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const [x, y, z] = [parseVersion(a), parseVersion(b), parseVersion(c)];
        assert.ok(x && y && z);
        assert.equal(Math.sign(compareVersions(x, y)), -Math.sign(compareVersions(y, x)) + 0);
        if (compareVersions(x, y) <= 0 && compareVersions(y, z) <= 0) {
          assert.ok(compareVersions(x, z) <= 0);
        }
        const below = parseConstraint(`<${a}`);
        const from = parseConstraint(`>=${a}`);
        assert.ok(below && from);
        if (y.prerelease === '') assert.notEqual(below(y), from(y));
      }),
    );
  });

  test('what is chosen satisfies the range and nothing that does is higher', () => {
    fc.assert(
      fc.property(
        fc.array(version),
        fc.constantFrom('^1', '~2.1', '>=1.0.0-0', '<2', '*', '>1'),
        (tags, range) => {
          const resolved = resolveRevision(table(tags.map((tag) => `refs/tags/${tag}`)), range);
          const accepts = parseConstraint(range);
          assert.ok(accepts);
          const fitting = tags.map((tag) => parseVersion(tag)).filter((one) => one && accepts(one));
          if (resolved.type !== 'commit') return assert.equal(fitting.length, 0);
          const chosen = parseVersion(resolved.ref?.slice('refs/tags/'.length) ?? '');
          assert.ok(chosen && accepts(chosen));
          for (const other of fitting) assert.ok(other && compareVersions(other, chosen) <= 0);
        },
      ),
    );
  });
});
