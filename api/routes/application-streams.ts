import * as z from 'zod/mini';
import { type ApplicationEvent, watchApplications } from '../../operator/services/index.ts';
import { encodeJson } from '../http/go-json.ts';
import type { Topic } from '../http/send-messages.ts';
import { selectFields } from '../http/select-fields.ts';
import { createWrittenOnce } from '../present/written-once.ts';
import { type Route, route } from '../route.ts';
import { FILTER, filterOf, text } from './which-application.ts';

/** Following Applications. */
export const applicationStreamRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/stream/applications',
    summary: 'What happens to Applications that one may see, from a list on; a stream',
    access: { type: 'filtered', resource: 'applications', action: 'get' },
    query: z.object({ ...FILTER, resourceVersion: text }),
    answer({ query, requester, signal }, controlPlane) {
      const filter = { ...filterOf(query), resourceVersion: query.resourceVersion ?? '' };
      const events = watchApplications(controlPlane, requester, filter, signal);
      return { type: 'stream', messages: events, encode: encoderFor(query.fields), topic };
    },
  }),
];

/** Pages that follow the same list, hundreds of them, are told the same: it is written once. */
const writeOnce = createWrittenOnce({ maxWays: 24 });

function encoderFor(fields = ''): (event: unknown) => string {
  const select = selectFields(fields);
  return (event) => {
    const { type, application } = event as ApplicationEvent;
    return writeOnce(application, `${type} ${fields}`, (presented) =>
      encodeJson(select({ result: { type, application: presented } })),
    );
  };
}

function topic(event: unknown): Topic {
  const { type, application } = event as ApplicationEvent;
  const { namespace = '', name = '' } = application.metadata;
  return { name: `${namespace}/${name}`, isOver: type === 'DELETED' };
}
