import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TiphysError } from '../../core/errors.ts';
import type { ControlPlane } from '../control-plane.ts';
import { signIn } from './sign-in.ts';

test('attempts to sign in are counted by how they ended, and one that nobody waits for is not', async () => {
  const counted: string[] = [];
  const stop = new AbortController();
  const controlPlane = {
    ports: {
      metrics: {
        count: (name: string, { status = '' }: Readonly<Record<string, string>>) =>
          void counted.push(`${name} ${status}`),
      },
      sessions: {
        async signIn({ password }: { readonly password: string }) {
          if (password === 'right') return 'a token';
          throw new TiphysError('Unauthenticated', 'Invalid username or password');
        },
      },
    },
  } as unknown as ControlPlane;
  const attempt = (password: string) =>
    signIn(controlPlane, { username: 'admin', password, address: '' }, stop.signal);
  assert.equal(await attempt('right'), 'a token');
  await assert.rejects(attempt('wrong'), { code: 'Unauthenticated' });
  stop.abort(new Error('the client went away'));
  await assert.rejects(attempt('wrong'), { code: 'Unauthenticated' });
  const name = 'argocd_login_request_total';
  assert.deepEqual(counted, [`${name} success`, `${name} failure`]);
});
