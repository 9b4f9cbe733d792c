import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readAccounts } from '../core/access/accounts.ts';
import { createVirtualClock } from '../runtime/clock.ts';
import { createPasswordCheck, DEFAULT_LIMITS, type SignInLimits } from './sign-in.ts';

const { signal } = new AbortController();
const WRONG = 'Invalid username or password';

/** Passwords that are their own hashes; which hashes were asked for is kept. */
function setUp(limits: Partial<SignInLimits> = {}) {
  const clock = createVirtualClock(1_000_000);
  const asked: string[] = [];
  const config = {
    'accounts.off': 'login',
    'accounts.off.enabled': 'false',
    'accounts.bot': 'apiKey',
  };
  const secrets = {
    'admin.password': 'right',
    'accounts.off.password': 'right',
    'accounts.bot.password': 'right',
  };
  const accounts = readAccounts(new Map(Object.entries(config)), new Map(Object.entries(secrets)));
  const { signIn: check } = createPasswordCheck({
    accounts: () => accounts,
    passwords: {
      hash: async (password) => password,
      isAllowed: () => true,
      async matches(password, hash) {
        asked.push(hash);
        return password === hash;
      },
    },
    ...{ clock, random: () => 0.5, limits: { ...DEFAULT_LIMITS, ...limits } },
  });
  async function attempt(username: string, password: string, address = '10.0.0.1') {
    const result = check({ username, password, address }, signal).then(
      ({ name }) => name,
      (error: Error) => error.message,
    );
    await clock.advance(1_000);
    return await result;
  }
  return { clock, asked, check, attempt };
}

describe('checking a password', () => {
  test('lets in who knows it', async () => {
    assert.equal(await setUp().attempt('admin', 'right'), 'admin');
  });

  test('answers an unknown account, and one without a password, like a wrong password', async () => {
    const { attempt, asked } = setUp();
    for (const name of ['admin', 'nobody']) assert.equal(await attempt(name, 'wrong'), WRONG);
    assert.equal(asked.length, 2);
    assert.match(asked[1] ?? '', /^\$2b\$10\$.{53}$/);
  });

  test('takes as long for any answer', async () => {
    const { check, clock } = setUp({ maxFailures: 1 });
    for (const [username, password] of [
      ['admin', 'right'],
      ['nobody', 'wrong'],
      ['admin', 'wrong'],
      ['admin', 'locked by now'],
    ] as const) {
      let done = false;
      const ended = () => void (done = true);
      check({ username, password, address: '' }, signal).then(ended, ended);
      await clock.advance(749);
      assert.equal(done, false, `${username} with ${password} was answered too early`);
      await clock.advance(1);
      assert.equal(done, true);
    }
  });

  test('tells of an account only to who knows its password', async () => {
    const { attempt } = setUp();
    assert.equal(await attempt('off', 'right'), 'Account off is disabled');
    assert.equal(await attempt('bot', 'right'), 'Account bot does not have login capability');
    assert.equal(await attempt('off', 'wrong'), WRONG);
  });

  test('is refused after five failures, the right password too, and for unknown names too', async () => {
    const { attempt, asked, clock } = setUp();
    for (let nth = 0; nth < 5; nth += 1) await attempt('admin', 'wrong', `10.0.0.${nth}`);
    assert.equal(await attempt('admin', 'right'), WRONG);
    assert.equal(asked.length, 5);
    await clock.advance(300_000);
    assert.equal(await attempt('admin', 'right'), 'admin');
    for (let nth = 0; nth < 6; nth += 1) await attempt('nobody', 'wrong');
    assert.equal(asked.length, 11);
  });

  test('is refused from an address that tried too many names', async () => {
    const { attempt, asked } = setUp({ maxFailuresOfAddress: 3 });
    for (const name of ['a', 'b', 'c']) await attempt(name, 'wrong');
    assert.equal(await attempt('admin', 'right'), WRONG);
    assert.equal(asked.length, 3);
    assert.equal(await attempt('admin', 'right', '10.0.0.2'), 'admin');
  });

  test('from an address is counted for all accounts: who knows one password forgets only the own failures', async () => {
    const { attempt, asked } = setUp({ maxFailuresOfAddress: 4 });
    for (const name of ['a', 'b', 'c']) await attempt(name, 'wrong');
    assert.equal(await attempt('admin', 'right'), 'admin');
    await attempt('d', 'wrong');
    const before = asked.length;
    assert.equal(await attempt('admin', 'right'), WRONG);
    assert.equal(asked.length, before);
    const other = setUp({ maxFailuresOfAddress: 4 });
    for (let round = 0; round < 3; round += 1) {
      for (let nth = 0; nth < 3; nth += 1) await other.attempt('admin', 'mistyped');
      assert.equal(await other.attempt('admin', 'right'), 'admin');
    }
  });

  test('from an address of IPv6 is counted for its network, which one client has alone', async () => {
    const { attempt } = setUp({ maxFailuresOfAddress: 3 });
    for (const nth of [1, 2, 3]) await attempt(`a${nth}`, 'wrong', `2001:db8::${nth}`);
    assert.equal(await attempt('admin', 'right', '2001:db8::4'), WRONG);
    assert.equal(await attempt('admin', 'right', '2001:db8:0:1::4'), 'admin');
  });

  test('many attempts at once are not more guesses, and no more than are allowed', async () => {
    const { check, clock, asked } = setUp({ maxAtOnce: 8 });
    const attempts = Array.from({ length: 10 }, () =>
      check({ username: 'admin', password: 'wrong', address: '' }, signal),
    );
    const ended = Promise.allSettled(attempts);
    await clock.advance(1_000);
    await ended;
    assert.equal(asked.length, 5);
    const early = setUp({ maxAtOnce: 1 });
    const first = early.check({ username: 'admin', password: 'right', address: '' }, signal);
    const second = early.check({ username: 'admin', password: 'right', address: '' }, signal);
    await assert.rejects(second, { message: WRONG });
    await early.clock.advance(1_000);
    assert.equal((await first).name, 'admin');
    for (const password of ['wrong', 'right']) await early.attempt('admin', password);
    assert.equal(await early.attempt('admin', 'right'), 'admin', 'each leaves its place');
  });

  test('refuses what no account can be called before anything else', async () => {
    const { check } = setUp();
    const attempt = (username: string, password: string) =>
      check({ username, password, address: '' }, signal);
    await assert.rejects(attempt('é'.repeat(17), 'x'), { code: 'InvalidRequest' });
    await assert.rejects(attempt('', 'x'), { message: 'no credentials supplied' });
    await assert.rejects(attempt('admin', ''), { message: 'no credentials supplied' });
  });
});
