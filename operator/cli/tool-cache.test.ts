import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toolCacheOf } from './tool-cache.ts';

test('the configured folder, then that of the build, of XDG, of the user', () => {
  const all = { TIPHYS_CACHE: '/own', XDG_CACHE_HOME: '/xdg', HOME: '/home/me' };
  assert.equal(toolCacheOf('/given', all), '/given');
  assert.equal(toolCacheOf('', all), '/own/bin');
  assert.equal(toolCacheOf('', { ...all, TIPHYS_CACHE: '' }), '/xdg/tiphys/bin');
  assert.equal(toolCacheOf('', { HOME: '/home/me' }), '/home/me/.cache/tiphys/bin');
});
