import * as z from 'zod/mini';
import { signIn, userInfo } from '../../operator/services/index.ts';
import { json, type Route, route } from '../route.ts';

const text = z.optional(z.string());

/** Signing in with a password, and who one is. */
export const sessionRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/v1/session',
    summary: 'A token for who knows the password',
    access: { type: 'public' },
    body: z.object({ username: text, password: text, token: text }),
    async answer({ body, address, signal }, controlPlane) {
      const { username = '', password = '', token: given = '' } = body;
      const shown = { username, password, address, token: given };
      const token = await signIn(controlPlane, shown, signal);
      return { type: 'json', value: { token }, session: { type: 'begun', token } };
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
