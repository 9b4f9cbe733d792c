import assert from 'node:assert/strict';
import { test } from 'node:test';
import { badgeOf } from './badge.ts';

const status = (health: string, sync: string) => ({
  health: { status: health },
  sync: { status: sync, revision: 'abc' },
});

test('a badge of several Applications says the worst of each', () => {
  assert.equal(badgeOf([]), undefined);
  assert.deepEqual(badgeOf([status('Healthy', 'Synced')]), {
    ...{ health: 'Healthy', sync: 'Synced', revision: 'abc' },
  });
  const both = [status('Healthy', 'OutOfSync'), status('Progressing', 'Synced')];
  assert.deepEqual(badgeOf(both), { health: 'Progressing', sync: 'OutOfSync', revision: '' });
  assert.deepEqual(badgeOf([{}]), { health: 'Unknown', sync: 'Unknown', revision: '' });
});
