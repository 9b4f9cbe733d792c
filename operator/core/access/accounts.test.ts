import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAccounts, writeTokens } from './accounts.ts';

const texts = (data: Readonly<Record<string, string>>) => new Map(Object.entries(data));

describe('accounts', () => {
  test('admin is there without being named, and can sign in', () => {
    const { byName, problems } = readAccounts(new Map(), texts({ 'admin.password': 'hash\n' }));
    assert.deepEqual([...byName.keys()], ['admin']);
    assert.deepEqual(byName.get('admin'), {
      name: 'admin',
      enabled: true,
      capabilities: ['login'],
      tokens: [],
      passwordHash: 'hash',
      passwordChanged: '',
    });
    assert.deepEqual(problems, []);
  });

  const cases = [
    { name: 'both', data: { 'accounts.a': ' apiKey , login' }, can: ['apiKey', 'login'], on: true },
    { name: 'none', data: { 'accounts.a': '' }, can: [], on: true },
    {
      name: 'disabled',
      data: { 'accounts.a': 'login', 'accounts.a.enabled': 'false' },
      can: ['login'],
      on: false,
    },
    {
      name: 'what cannot be read as true is false',
      data: { 'accounts.a': 'login', 'accounts.a.enabled': 'yes' },
      can: ['login'],
      on: false,
    },
  ];
  for (const { name, data, can, on } of cases)
    test(`capabilities: ${name}`, () => {
      const account = readAccounts(texts(data), new Map()).byName.get('a');
      assert.deepEqual([account?.capabilities, account?.enabled], [can, on]);
    });

  test('admin is disabled by a key of its own, and gets further capabilities like others', () => {
    const config = texts({ 'admin.enabled': 'false', 'accounts.admin': 'apiKey' });
    const admin = readAccounts(config, new Map()).byName.get('admin');
    assert.deepEqual([admin?.enabled, admin?.capabilities], [false, ['apiKey']]);
  });

  test('names with a dot, and names that only say whether they are enabled, are no accounts', () => {
    const config = texts({ 'accounts.a.b': 'login', 'accounts.c.enabled': 'true' });
    assert.deepEqual([...readAccounts(config, new Map()).byName.keys()], ['admin']);
  });

  test('what makes no sense is told and passed over', () => {
    const { byName, problems } = readAccounts(
      texts({ 'accounts.a': 'login, root' }),
      texts({ 'accounts.a.tokens': '[{"id":"x","iat":1},{"iat":2}]', 'admin.tokens': '{' }),
    );
    assert.deepEqual(byName.get('a')?.tokens, [{ id: 'x', issuedAt: 1, expiresAt: 0 }]);
    assert.deepEqual(problems, [
      'admin.tokens: is not a list of {id, iat, exp}',
      'accounts.a: "root" is neither login nor apiKey',
      'accounts.a.tokens: is not a list of {id, iat, exp}',
    ]);
  });

  test('tokens are kept as they are read', () => {
    const tokens = [
      { id: 'a', issuedAt: 1, expiresAt: 0 },
      { id: 'b', issuedAt: 2, expiresAt: 3 },
    ];
    const written = writeTokens(tokens);
    assert.equal(written, '[{"id":"a","iat":1},{"id":"b","iat":2,"exp":3}]');
    const read = readAccounts(new Map(), texts({ 'admin.tokens': written })).byName.get('admin');
    assert.deepEqual(read?.tokens, tokens);
  });
});
