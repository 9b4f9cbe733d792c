import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { PROJECTS } from '../operator/core/health/table.ts';
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

test('each line names a page, or a file of a repository, and what it says', () => {
  const source = /^(?:<https:\/\/[^\s<>]+>|`[\w.-]+\/[\w.-]+` `[\w./-]+\.\w+`)$/;
  assert.deepEqual(
    lines.filter(([, where = '', says = '', more]) => {
      return !source.test(where) || says === '' || more !== undefined;
    }),
    [],
  );
});
