import * as z from 'zod/mini';
import type { KubeObject } from '../../operator/index.ts';
import { getApplication, listApplications } from '../../operator/services/index.ts';
import { encodeJson } from '../http/go-json.ts';
import { jsonList } from '../http/json-list.ts';
import { selectListed } from '../present/application-fields.ts';
import { presentApplication } from '../present/application.ts';
import { createWrittenOnce } from '../present/written-once.ts';
import { json, jsonText, type Route, route } from '../route.ts';
import {
  FILTER,
  filterOf,
  onlyProject,
  text,
  texts,
  wantedOf,
  WHICH,
} from './which-application.ts';

/** Reading Applications. */
export const applicationRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/applications',
    summary: 'Applications that one may see',
    access: { type: 'filtered', resource: 'applications', action: 'get' },
    query: z.object(FILTER),
    answer({ query, requester }, controlPlane) {
      // Read first: what changes meanwhile is told to who watches from there.
      const { resourceVersion } = controlPlane.ports.apps;
      const items = listApplications(controlPlane, requester, filterOf(query));
      return jsonText(jsonList({ resourceVersion }, written(items, query.fields)));
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/applications/{name}',
    summary: 'One Application; with `refresh`, once it has been compared anew',
    access: { type: 'needs', resource: 'applications', action: 'get' },
    query: z.object({ ...WHICH, projects: texts, refresh: text }),
    async answer({ params, query, requester, signal }, controlPlane) {
      const { refresh, projects } = query;
      const project = onlyProject(query.project, projects);
      const wanted = {
        ...wantedOf(params, { ...query, project }),
        // Present but empty asks for one too.
        refresh: refresh === undefined ? undefined : refresh === 'hard' ? 'hard' : 'normal',
      } as const;
      return json(
        presentApplication(await getApplication(controlPlane, requester, wanted, signal)),
      );
    },
  }),
];

/** What pages, programs and badges ask for again and again. */
const writeOnce = createWrittenOnce({ maxWays: 8 });

function* written(items: readonly KubeObject[], fields = ''): Generator<string> {
  const select = selectListed(fields);
  for (const app of items)
    yield writeOnce(app, fields, (presented) => encodeJson(select(presented)));
}
