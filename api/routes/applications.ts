import * as z from 'zod/mini';
import { findApplication, listApplications } from '../../operator/services/index.ts';
import { presentApplication } from '../present/application.ts';
import { json, type Route, route } from '../route.ts';

const text = z.optional(z.string());
const texts = z.optional(z.array(z.string()));

const APPLICATION = { appNamespace: text, project: text };

/** Reading Applications. */
export const applicationRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/applications',
    summary: 'Applications that one may see',
    access: { type: 'filtered', resource: 'applications', action: 'get' },
    query: z.object({
      name: text,
      projects: texts,
      project: texts,
      repo: text,
      appNamespace: text,
    }),
    answer({ query, requester }, controlPlane) {
      const { name = '', appNamespace = '', repo = '', project, projects = [] } = query;
      const items = listApplications(controlPlane, requester, {
        name,
        namespace: appNamespace,
        projects: project ?? projects,
        repository: repo,
      });
      return json({ metadata: {}, items: items.map(presentApplication) });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}',
    summary: 'One Application',
    access: { type: 'needs', resource: 'applications', action: 'get' },
    query: z.object(APPLICATION),
    async answer({ params, query, requester, signal }, controlPlane) {
      const { appNamespace: namespace = '', project = '' } = query;
      const wanted = { name: params['name'] ?? '', namespace, project };
      const options = { action: 'get', fresh: true };
      const { app } = await findApplication(controlPlane, requester, wanted, options, signal);
      return json(presentApplication(app.raw));
    },
  }),
];
