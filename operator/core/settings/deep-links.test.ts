import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDeepLinks } from './deep-links.ts';

test('links that are the same for every object are shown, others are left out', () => {
  const settings = [
    {
      title: 'Wiki',
      url: 'https://wiki.example.com',
      description: 'How to',
      'icon.class': 'fa-book',
    },
    { title: 'Bare', url: 'http://example.com/x' },
    { title: 'Logs', url: 'https://logs.example.com/{{.app.metadata.name}}' },
    { title: 'Some', url: 'https://example.com', if: 'app.spec.project == "shop"' },
    { title: 'Script', url: 'javascript:alert(1)' },
    { title: 7, url: 'https://example.com' },
    'text',
  ];
  assert.deepEqual(readDeepLinks(settings), [
    { title: 'Wiki', url: 'https://wiki.example.com', description: 'How to', iconClass: 'fa-book' },
    { title: 'Bare', url: 'http://example.com/x' },
  ]);
  assert.deepEqual(readDeepLinks(undefined), []);
});
