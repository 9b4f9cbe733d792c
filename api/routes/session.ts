import * as z from 'zod/mini';
import { signIn, userInfo } from '../../operator/services/index.ts';
import type { TokenCookies } from '../http/token-cookies.ts';
import { json, type Route, route } from '../route.ts';

const text = z.optional(z.string());

export interface SessionRoutesOptions {
  readonly tokenCookies: TokenCookies;
}

/** Signing in with a password, and who one is. */
export function sessionRoutes({ tokenCookies }: SessionRoutesOptions): readonly Route[] {
  return [
    route({
      method: 'post',
      path: '/api/v1/session',
      summary: 'A token for who knows the password',
      access: { type: 'public' },
      body: z.object({ username: text, password: text, token: text }),
      async answer({ body, address, headers, signal }, controlPlane) {
        const { username = '', password = '', token: given = '' } = body;
        const shown = { username, password, address, token: given };
        const token = await signIn(controlPlane, shown, signal);
        const { cookie } = headers;
        const cookies = tokenCookies.set(token, typeof cookie === 'string' ? cookie : undefined);
        return { type: 'json', value: { token }, cookies };
      },
    }),
    route({
      method: 'delete',
      path: '/api/v1/session',
      summary: 'Does nothing; /auth/logout ends a session',
      access: { type: 'public' },
      answer: () => json({}),
    }),
    route({
      method: 'get',
      path: '/api/v1/session/userinfo',
      summary: 'Who one is',
      access: { type: 'public' },
      answer({ requester }) {
        const { loggedIn, username, issuer, groups } = userInfo(requester);
        return json({
          ...(loggedIn && { loggedIn }),
          ...(username !== '' && { username }),
          ...(issuer !== '' && { iss: issuer }),
          ...(groups.length > 0 && { groups }),
        });
      },
    }),
  ];
}
