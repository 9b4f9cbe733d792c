import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { knownKind, PROJECTS } from '../operator/core/health/table.ts';
import { rowName } from './health-page.ts';

const page = await readFile(new URL('health-sources.md', import.meta.url), 'utf8');
const lines = page
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.slice(2, -2).split(' | '));

test('docs/health-sources.md has a line for each row of the health table, and no other', () => {
  const rows = PROJECTS.flatMap((project) => project.rows.map(rowName));
  assert.deepEqual(
    lines.map(([name]) => name),
    rows,
  );
});

test('each line names a page, or a file of a repository, what it says, and whether it was compared', () => {
  const source = /^(?:<https:\/\/[^\s<>]+>|`[\w.-]+\/[\w.-]+` `[\w./-]+\.\w+`)$/;
  assert.deepEqual(
    lines.filter(([, where = '', says = '', compared = '', more]) => {
      const isCompared = ['yes', 'in part', 'no'].includes(compared);
      return !source.test(where) || says === '' || !isCompared || more !== undefined;
    }),
    [],
  );
});

test('a row that was compared with nothing has no steps: what it does not know it does not say', () => {
  const notCompared = new Set(lines.filter((line) => line[3] === 'no').map(([name]) => name));
  const guesses = PROJECTS.flatMap(({ rows }) => rows).filter(
    (row) => row.steps.length > 0 && notCompared.has(rowName(row)),
  );
  assert.deepEqual(guesses.map(rowName), []);
});

test('what is said to be left to the generic rule has no row', () => {
  const section = page.slice(page.indexOf('## Left to the generic rule'));
  const kinds = [...section.matchAll(/^- (.*):/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`([\w.-]+)\/(\w+)`/g)].map(([, group = '', kind = '']) => ({
      group,
      kind,
    })),
  );
  assert.ok(kinds.length > 5);
  assert.deepEqual(kinds.filter(knownKind), []);
});
