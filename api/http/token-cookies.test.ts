import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTokenCookies } from './token-cookies.ts';
import { tokenInCookies } from './token-of.ts';

const cookies = createTokenCookies({ path: '/', secure: true, maxCookies: 3 });
const ATTRIBUTES = '; Path=/; HttpOnly; Secure; SameSite=Lax';

/** What a browser sends back. */
const sentBack = (set: readonly string[]): string =>
  set.map((cookie) => cookie.split(';')[0]).join('; ');

describe('cookies for a token', () => {
  test('one for a short token', () => {
    assert.deepEqual(cookies.set('a.b.c', undefined), [`argocd.token=a.b.c${ATTRIBUTES}`]);
    const within = createTokenCookies({ path: '/argo/', secure: false, maxCookies: 3 });
    assert.deepEqual(within.set('a.b.c', ''), [
      'argocd.token=a.b.c; Path=/argo; HttpOnly; SameSite=Lax',
    ]);
  });

  for (const length of [3_900, 4_000, 4_093, 8_000, 11_000])
    test(`a token of ${length} characters comes back whole, in cookies that browsers keep`, () => {
      const token = Array.from({ length }, (_, index) =>
        String.fromCharCode(97 + (index % 26)),
      ).join('');
      const set = cookies.set(token, undefined);
      for (const cookie of set) assert.ok(cookie.length <= 4_093, `${cookie.length}`);
      assert.equal(set.length > 1, set[0]?.startsWith(`argocd.token=${set.length}:`) ?? false);
      assert.equal(tokenInCookies(sentBack(set)), token);
    });

  test('a token that is too long for all of them is refused', () => {
    assert.throws(() => cookies.set('x'.repeat(13_000), undefined), { code: 'RequestFailed' });
  });

  test('what a longer token left behind is blanked, whatever its number', () => {
    const sent = 'argocd.token=4:a; argocd.token-1=b; argocd.token-7=c; other=d; argocd.tokens=e';
    assert.deepEqual(cookies.set('a.b.c', sent), [
      `argocd.token=a.b.c${ATTRIBUTES}`,
      `argocd.token-1=${ATTRIBUTES}`,
      `argocd.token-7=${ATTRIBUTES}`,
    ]);
    assert.deepEqual(cookies.clear(sent), [
      `argocd.token=${ATTRIBUTES}`,
      `argocd.token-1=${ATTRIBUTES}`,
      `argocd.token-7=${ATTRIBUTES}`,
    ]);
    assert.deepEqual(cookies.clear(undefined), []);
  });
});
