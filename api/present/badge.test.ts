import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawBadge } from './badge.ts';

const state = { health: 'Healthy', sync: 'Synced', revision: '0123456789abcdef' };

test('a badge has a box for health and for sync, and for the revision when it is asked for', () => {
  const textsIn = (svg: string) =>
    [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, text]) => text);
  assert.deepEqual(textsIn(drawBadge(state, { name: '', revision: 'none' })), [
    'Healthy',
    'Synced',
  ]);
  assert.deepEqual(textsIn(drawBadge(state, { name: 'shop', revision: 'short' })), [
    'shop',
    'Healthy',
    'Synced',
    '0123456',
  ]);
  assert.deepEqual(
    textsIn(drawBadge(state, { name: '', revision: 'full' })).at(-1),
    state.revision,
  );
  const missing = { health: 'Not Found', sync: '', revision: '' };
  assert.deepEqual(textsIn(drawBadge(missing, { name: '', revision: 'full' })), ['Not Found']);
});

test('whatever a status says stays text', () => {
  const evil = { ...state, health: '<script>&"\'' };
  const svg = drawBadge(evil, { name: '</text>', revision: 'none', width: 300 });
  assert.ok(!svg.includes('<script') && !svg.includes('</text></text>'), svg);
  assert.match(svg, /&#60;script&#62;&#38;&#34;&#39;/);
  assert.match(svg, /^<svg [^>]* width="300" height="40"/);
});
