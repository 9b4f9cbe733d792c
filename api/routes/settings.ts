import { pluginNames, readSettings } from '../../operator/services/index.ts';
import { withoutZero } from '../present/without-zero.ts';
import { json, type Route, route } from '../route.ts';

/** How the control plane is set up, as pages and command lines ask before and after signing in. */
export const settingsRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/settings',
    summary: 'What a page must know; more of it for who signed in',
    access: { type: 'public' },
    answer: ({ requester }, controlPlane) =>
      json(withoutZero(readSettings(controlPlane, requester))),
  }),
  route({
    method: 'get',
    path: '/api/v1/settings/plugins',
    summary: 'Names of config management plugins',
    access: { type: 'signed-in' },
    async answer({ signal }, controlPlane) {
      const names = await pluginNames(controlPlane, signal);
      return json(names.length === 0 ? {} : { plugins: names.map((name) => ({ name })) });
    },
  }),
];
