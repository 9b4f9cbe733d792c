import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { baseOf, safeReturnUrl } from './return-url.ts';

const BASES = ['https://argo.test/ui', 'http://localhost:8080'];

describe('where one may be sent after signing in', () => {
  const safe = [
    ['https://argo.test/ui', 'https://argo.test/ui'],
    [
      'https://argo.test/ui/applications?view=tree#x',
      'https://argo.test/ui/applications?view=tree#x',
    ],
    ['https://ARGO.test:443/ui/a', 'https://argo.test/ui/a'],
    ['https://argo.test/ui/a/../b', 'https://argo.test/ui/b'],
    ['http://localhost:8080/', 'http://localhost:8080/'],
    // Stays as it is written: a line break that is escaped breaks no header.
    ['https://argo.test/ui/%0d%0aset-cookie:a=b', 'https://argo.test/ui/%0d%0aset-cookie:a=b'],
    ['https://argo.test/ui?next=//evil.test', 'https://argo.test/ui?next=//evil.test'],
  ] as const;
  for (const [written, sent] of safe)
    test(`to ${written}`, () => assert.equal(safeReturnUrl(written, BASES), sent));

  const unsafe = [
    'https://evil.test/ui',
    'https://argo.test/uix',
    'https://argo.test/',
    'https://argo.test/ui/../admin',
    'https://argo.test/ui/%2e%2e/admin',
    'https://argo.test/ui/..%2fadmin',
    'https://argo.test/ui/..%5cadmin',
    'http://argo.test/ui',
    'https://argo.test:444/ui',
    'https://argo.test@evil.test/ui',
    'https://ann:secret@argo.test/ui',
    'https://argo.test.evil.test/ui',
    '//argo.test/ui',
    '/ui',
    'ui',
    '',
    'javascript:alert(1)//https://argo.test/ui',
    'https:\\\\argo.test\\ui',
    '//evil.test/ui',
    '/\\evil.test/ui',
    '\\\\evil.test/ui',
    'https:evil.test/ui',
    'https:///evil.test/ui',
    'https://argo.test\\@evil.test/ui',
    'https://argo.test%2eevil.test/ui',
    'https://argo.test@/ui',
    'https://argo.test:@evil.test/ui',
    'data:text/html,https://argo.test/ui',
    'https://argo.test/ui\r\nset-cookie: a=b',
    'https://argo.test/ui\t',
    ' https://argo.test/ui',
  ];
  for (const written of unsafe)
    test(`not to ${JSON.stringify(written)}`, () =>
      assert.equal(safeReturnUrl(written, BASES), undefined));
});

test('the address that people use is the one a request was sent to, else the first', () => {
  assert.equal(baseOf('localhost:8080', BASES), 'http://localhost:8080');
  assert.equal(baseOf('ARGO.test', BASES), 'https://argo.test/ui');
  assert.equal(baseOf('evil.test', BASES), 'https://argo.test/ui');
  assert.equal(baseOf(undefined, BASES), 'https://argo.test/ui');
  assert.equal(baseOf('argo.test', []), undefined);
});
