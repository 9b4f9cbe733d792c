import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { actionsPage } from './actions-page.ts';

test('docs/actions.md lists the actions that there are', async () => {
  const page = await readFile(new URL('actions.md', import.meta.url), 'utf8');
  assert.equal(page, actionsPage(), 'run make docs');
});
