import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isForAll, readDeepLinks, refusedUrl } from './deep-links.ts';

test('links are read, and what is none is named', () => {
  const settings = [
    {
      title: 'Wiki',
      url: 'https://wiki.example.com',
      description: 'How to',
      'icon.class': 'fa-book',
    },
    { title: 'Logs', url: 'https://logs.example.com/{{.app.metadata.name}}' },
    { title: 'Some', url: 'https://example.com', if: 'app.spec.project == "shop"' },
    { title: 'Never', url: 'https://example.com', if: false },
    { title: 'Null', url: 'https://example.com', if: null },
    { title: 7, url: 'https://example.com' },
    { title: 'Nowhere' },
    { title: 'List', url: 'https://example.com', if: ['true'] },
    'text',
  ];
  assert.deepEqual(readDeepLinks(settings), {
    links: [
      {
        ...{ title: 'Wiki', url: 'https://wiki.example.com' },
        ...{ description: 'How to', iconClass: 'fa-book' },
      },
      { title: 'Logs', url: 'https://logs.example.com/{{.app.metadata.name}}' },
      { title: 'Some', url: 'https://example.com', condition: 'app.spec.project == "shop"' },
      { title: 'Never', url: 'https://example.com', condition: 'false' },
      { title: 'Null', url: 'https://example.com' },
    ],
    problems: [
      { link: 'number 6', reason: 'has no title' },
      { link: 'Nowhere', reason: 'has no url' },
      { link: 'List', reason: 'its if is not a text' },
      { link: 'number 9', reason: 'is not an object' },
    ],
  });
  assert.deepEqual(readDeepLinks(undefined), { links: [], problems: [] });
  assert.deepEqual(readDeepLinks('x').problems, [{ link: 'all', reason: 'is not a list' }]);
});

test('only links without template and condition are the same for all', () => {
  assert.equal(isForAll({ title: 'a', url: 'https://a' }), true);
  assert.equal(isForAll({ title: 'a', url: 'https://{{.app}}' }), false);
  assert.equal(isForAll({ title: 'a', url: 'https://a', condition: 'true' }), false);
});

test('URLs that would be programs are refused', () => {
  for (const url of ['https://a', 'HTTP://a', 'mailto:a@b', 'tel:1', '/applications'])
    assert.equal(refusedUrl(url), undefined, url);
  for (const url of [
    ...['javascript:alert(1)', 'JavaScript:x', ' javascript:x', 'java\nscript:x', '\tjavascript:x'],
    ...[
      'data:text/html,x',
      'vbscript:x',
      'file:///etc',
      'blob:x',
      '//evil',
      'a',
      '',
      '\u0000https:',
    ],
  ])
    assert.match(refusedUrl(url) ?? '', /begins with none of http:/, url);
});
