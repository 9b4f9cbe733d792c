import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestName } from './nearest-name.ts';

const NAMES = ['live', 'run', 'render', 'diff', 'resync', 'repo-poll-interval'];

for (const [word, meant] of [
  ['rneder', 'render'],
  ['dif', 'diff'],
  ['lvie', 'live'],
  ['iffd', undefined],
  ['repo-pol-intervall', 'repo-poll-interval'],
  ['runn', 'run'],
  ['diff', 'diff'],
  ['bananas', undefined],
  ['', undefined],
] as const)
  test(`"${word}" was probably ${meant === undefined ? 'none of them' : `"${meant}"`}`, () => {
    assert.equal(nearestName(word, NAMES), meant);
  });

test('of equally near names the first wins', () => {
  assert.equal(nearestName('cat', ['bat', 'hat']), 'bat');
});
