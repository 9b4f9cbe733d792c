import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Requester } from '../../core/access/requester.ts';
import { NOBODY } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import { createVirtualClock } from '../../runtime/clock.ts';
import type { ControlPlane } from '../control-plane.ts';
import { changePassword } from './change-password.ts';

const { signal } = new AbortController();
const NOW_S = 1_800_000_000;
const WRITTEN = 'it would be written';

/** Why a change is refused, or `WRITTEN`. What was asked for on the way is kept. */
async function refusal(
  requester: Partial<Requester> & { readonly subject: string },
  change: {
    readonly name?: string;
    readonly newPassword?: string;
    readonly currentPassword?: string;
  },
  rights: readonly string[] = [],
) {
  const asked: string[] = [];
  const controlPlane = {
    ports: {
      clock: createVirtualClock(NOW_S * 1000),
      access: {
        decide: (_caller: unknown, { resource, action, object }: Record<string, string>) => ({
          allowed: rights.includes(`${resource} ${action} ${object}`),
        }),
      },
      config: { configMap: () => undefined },
      sessions: {
        async provePassword({ username, password, address }: Record<string, string>) {
          asked.push(`${username} from ${address}`);
          if (password !== 'right') throw new TiphysError('Unauthenticated', 'wrong');
        },
      },
      passwords: {
        isAllowed: (password: string) => password.length >= 8,
        async hash() {
          throw new TiphysError('NotPossibleNow', WRITTEN);
        },
      },
    },
  } as unknown as ControlPlane;
  const { subject, ...rest } = requester;
  const caller = { subject, groups: [] };
  const whole = { ...NOBODY, issuer: 'argocd', username: subject, caller, ...rest };
  const wanted = { name: '', newPassword: 'long enough', currentPassword: 'right', ...change };
  try {
    await changePassword(controlPlane, whole, { ...wanted, address: '10.0.0.1' }, signal);
    return { why: 'nothing', asked };
  } catch (error) {
    return { why: (error as Error).message, asked };
  }
}

describe('a new password', () => {
  test('is for who knows the current one, of whoever asks, and each try is one for the throttle', async () => {
    assert.deepEqual(await refusal({ subject: 'dev' }, {}), {
      why: WRITTEN,
      asked: ['dev from 10.0.0.1'],
    });
    const wrong = await refusal({ subject: 'dev' }, { currentPassword: 'wrong' });
    assert.deepEqual(wrong, {
      why: 'current password does not match',
      asked: ['dev from 10.0.0.1'],
    });
    const other = await refusal({ subject: 'admin' }, { name: 'dev' }, ['accounts update dev']);
    assert.deepEqual(other, { why: WRITTEN, asked: ['admin from 10.0.0.1'] });
  });

  test('of another account needs the right to it', async () => {
    const { why, asked } = await refusal({ subject: 'dev' }, { name: 'admin' });
    assert.match(why, /^permission denied: accounts, update, admin, sub: dev/);
    assert.deepEqual(asked, [], 'nothing is tried');
  });

  test('must be as the settings want it', async () => {
    const { why } = await refusal({ subject: 'dev' }, { newPassword: 'short' });
    assert.match(why, /^new password does not match/);
  });

  test('is nothing for a role of a project', async () => {
    const role = { subject: 'proj:shop:ci' };
    assert.match((await refusal(role, {})).why, /^name: a role of a project has no password/);
  });

  test('from who comes from a provider needs the right, and a token that is no older than five minutes', async () => {
    const rights = ['accounts update dev'];
    const sso = { subject: 'dev', issuer: 'https://idp.test' };
    const at = (ageS: number) => ({ ...sso, issuedAt: NOW_S - ageS });
    const change = { name: 'dev', currentPassword: '' };
    assert.match((await refusal(at(10), change)).why, /^permission denied: accounts, update, dev/);
    assert.equal((await refusal(at(300), change, rights)).why, WRITTEN);
    assert.equal((await refusal(at(301), change, rights)).why, 'SSO token is too old');
    assert.equal((await refusal(sso, change, rights)).why, 'SSO token is too old');
  });
});
