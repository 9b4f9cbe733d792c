import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Project, ProjectSpec } from '../app/types.ts';
import { permitsSource, type Verdict } from './permits.ts';

const project = (spec: ProjectSpec): Project => ({ name: 'web', namespace: 'argocd', spec });

/** The rule that refused, or `permitted`. */
const ruling = (verdict: Verdict) => (verdict.type === 'refused' ? verdict.rule : 'permitted');

const none = 'spec.sourceRepos of AppProject web has no match';
const by = (entry: string) => `"${entry}" in spec.sourceRepos of AppProject web`;
const cases: readonly {
  readonly name: string;
  readonly repos: readonly string[] | undefined;
  readonly url: string;
  readonly expected: string;
}[] = [
  { name: 'no list permits none', repos: undefined, url: 'https://g/a/b', expected: none },
  { name: 'an empty list permits none', repos: [], url: 'https://g/a/b', expected: none },
  { name: '* permits all', repos: ['*'], url: 'git@g:a/b.git', expected: 'permitted' },
  {
    name: 'the same repository in other words',
    repos: ['git@G.example:Team/Web.git'],
    url: 'ssh://git@g.example/team/web',
    expected: 'permitted',
  },
  {
    name: 'https and ssh are different repositories',
    repos: ['https://g.example/team/web'],
    url: 'git@g.example:team/web',
    expected: none,
  },
  {
    name: '* stays within a segment',
    repos: ['https://g/team/*'],
    url: 'https://g/team/sub/web',
    expected: none,
  },
  {
    name: '** crosses segments',
    repos: ['https://g/team/**'],
    url: 'https://g/team/sub/web',
    expected: 'permitted',
  },
  {
    name: 'a prefix is no match',
    repos: ['https://g/team'],
    url: 'https://g/team/web',
    expected: none,
  },
  {
    name: 'a refusal goes before a later permission',
    repos: ['!https://g/team/secret', '*'],
    url: 'https://g/team/secret.git',
    expected: by('!https://g/team/secret'),
  },
  {
    name: 'a refusal goes before an earlier permission',
    repos: ['*', '!https://g/team/*'],
    url: 'https://g/team/x',
    expected: by('!https://g/team/*'),
  },
  {
    name: 'refusals alone permit the rest',
    repos: ['!https://g/team/*'],
    url: 'https://g/other/x',
    expected: 'permitted',
  },
  {
    name: 'what is no URL equals nothing',
    repos: ['https://g:port/a', 'https://g/a'],
    url: 'https://g:port/a',
    expected: none,
  },
  {
    name: 'what is no URL is refused by every refusal',
    repos: ['*', '!https://g/team/*'],
    url: 'https://g:port/a',
    expected: by('!https://g/team/*'),
  },
  {
    name: 'a refusal of everything',
    repos: ['https://g/team/web', '!*'],
    url: 'https://g/team/web',
    expected: by('!*'),
  },
  {
    name: 'alternatives in braces',
    repos: ['https://{g,h}/team/*'],
    url: 'https://H/team/web.git',
    expected: 'permitted',
  },
  {
    name: 'a refusal of a repository in other words',
    repos: ['*', '!git@g.example:Team/Web.git'],
    url: 'ssh://git@g.example/team/web',
    expected: by('!git@g.example:Team/Web.git'),
  },
];
for (const { name, repos, url, expected } of cases)
  test(name, () =>
    assert.equal(ruling(permitsSource(project({ sourceRepos: repos }), url)), expected),
  );

test('permitted is what no refusal names and a permission or any refusal is there for', () => {
  const place = fc.constantFrom('https://g/a', 'https://g/b', 'https://h/a');
  const pattern = fc.oneof(place, fc.constantFrom('*', 'https://g/*'));
  fc.assert(
    fc.property(
      fc.array(fc.record({ denies: fc.boolean(), pattern }), { maxLength: 5 }),
      place,
      (entries, url) => {
        const hits = ({ pattern: p }: { readonly pattern: string }): boolean =>
          p === '*' || p === url || (p === 'https://g/*' && url.startsWith('https://g/'));
        const expected =
          !entries.some((entry) => entry.denies && hits(entry)) &&
          entries.some((entry) => entry.denies || hits(entry));
        const sourceRepos = entries.map((e) => (e.denies ? `!${e.pattern}` : e.pattern));
        const verdict = permitsSource(project({ sourceRepos }), url);
        assert.equal(verdict.type === 'permitted', expected);
      },
    ),
  );
});

test('the message says what is refused and by which rule', () => {
  const verdict = permitsSource(project({}), 'https://g/a');
  assert.deepEqual(verdict, {
    type: 'refused',
    rule: none,
    message: `application repo https://g/a is not permitted in project 'web' (${none})`,
  });
});
