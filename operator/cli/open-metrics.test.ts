import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMetrics } from './open-metrics.ts';
import { readVersion } from './version.ts';

test('metrics say which version tells them', async () => {
  await using stack = new AsyncDisposableStack();
  const text = await (await openMetrics(stack)).text();
  assert.ok(text.includes(`\nargocd_info{version="${await readVersion()}"} 1\n`), text);
});
