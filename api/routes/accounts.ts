import * as z from 'zod/mini';
import {
  canI,
  changePassword,
  createAccountToken,
  deleteAccountToken,
  findAccount,
  listAccounts,
} from '../../operator/services/index.ts';
import { presentAccount } from '../present/account.ts';
import { json, type Route, type RouteAccess, route } from '../route.ts';

const text = z.optional(z.string());

const OWN_OR_UPDATE: RouteAccess = {
  type: 'own-rule',
  rule: 'the account itself, or `accounts, update`',
};

/** Local accounts: what they are, what one may do, passwords and tokens for machines. */
export const accountRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/account',
    summary: 'Accounts that one may see, and one’s own',
    access: { type: 'filtered', resource: 'accounts', action: 'get' },
    answer({ requester }, controlPlane) {
      const items = listAccounts(controlPlane, requester).map(presentAccount);
      return json(items.length === 0 ? {} : { items });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/account/can-i/{resource}/{action}/{subresource=**}',
    summary: 'Whether one may do something',
    access: { type: 'signed-in' },
    answer({ params, requester }, controlPlane) {
      const { resource = '', action = '', subresource: object = '' } = params;
      const allowed = canI(controlPlane, requester, { resource, action, object });
      return json({ value: allowed ? 'yes' : 'no' });
    },
  }),
  route({
    method: 'put',
    path: '/api/v1/account/password',
    summary: 'Change a password; older tokens of the account count no more',
    access: {
      type: 'own-rule',
      rule: 'the account itself, by its password; others also need `accounts, update`',
    },
    body: z.object({ newPassword: text, currentPassword: text, name: text }),
    async answer({ body, requester, address, signal }, controlPlane) {
      const { newPassword = '', currentPassword = '', name = '' } = body;
      const change = { name, newPassword, currentPassword, address };
      await changePassword(controlPlane, requester, change, signal);
      return json({});
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/account/{name}',
    summary: 'One account',
    access: { type: 'own-rule', rule: 'the account itself, or `accounts, get`' },
    answer: ({ params, requester }, controlPlane) =>
      json(presentAccount(findAccount(controlPlane, requester, params['name'] ?? ''))),
  }),
  route({
    method: 'post',
    path: '/api/v1/account/{name}/token',
    summary: 'A token for a machine',
    access: OWN_OR_UPDATE,
    body: z.object({ expiresIn: z.optional(z.int()), id: text }),
    async answer({ params, body, requester, signal }, controlPlane) {
      const { expiresIn = 0, id = '' } = body;
      const wanted = { expiresIn, id };
      const name = params['name'] ?? '';
      const token = await createAccountToken(controlPlane, requester, name, wanted, signal);
      return json({ token });
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/account/{name}/token/{id}',
    summary: 'The token counts no more',
    access: OWN_OR_UPDATE,
    async answer({ params, requester, signal }, controlPlane) {
      const { name = '', id = '' } = params;
      await deleteAccountToken(controlPlane, requester, { name, id }, signal);
      return json({});
    },
  }),
];
