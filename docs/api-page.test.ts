import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { allRoutes } from '../api/index.ts';
import { apiPage } from './api-page.ts';

const page = readFileSync(new URL('api.md', import.meta.url), 'utf8');

test('docs/api.md has a row for every route, with what it needs', () => {
  const rows = [...page.matchAll(/^\| `(\w+ \/[^`]*)` \|.*\|.*\|$/gm)].map((row) => row[1]);
  const routes = allRoutes({ version: '', hasExtensions: true }).map(
    ({ method, path }) => `${method.toUpperCase()} ${path}`,
  );
  assert.deepEqual(rows, routes, 'run make docs');
});

test('writing the table again changes nothing, and a page without a place for it is refused', () => {
  assert.equal(apiPage(page), page, 'run make docs');
  assert.throws(() => apiPage('# API\n'), /docs\/api\.md lacks the lines/);
});
