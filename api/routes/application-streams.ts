import * as z from 'zod/mini';
import { type ApplicationEvent, watchApplications } from '../../operator/services/index.ts';
import { encodeJson } from '../http/go-json.ts';
import type { Topic } from '../http/send-messages.ts';
import { selectFields } from '../http/select-fields.ts';
import { presentApplication } from '../present/application.ts';
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
      const { fields } = query;
      return { type: 'stream', messages: present(events), encode: encoderFor(fields), topic };
    },
  }),
];

interface Message {
  readonly type: ApplicationEvent['type'];
  readonly application: ReturnType<typeof presentApplication>;
}

/** By what happened and which fields are wanted; gone with the Application that they tell of. */
const encoded = new WeakMap<Message['application'], Map<string, string>>();
const SELECTIONS_KEPT = 16;

/** Hundreds of pages that follow the same list are told the same: it is written once. */
function encoderFor(fields = ''): (message: unknown) => string {
  const select = selectFields(fields);
  return (message) => {
    const { type, application } = message as Message;
    const key = `${type} ${fields}`;
    const known = encoded.get(application) ?? new Map<string, string>();
    const text = known.get(key) ?? encodeJson(select({ result: message }));
    if (known.size < SELECTIONS_KEPT) encoded.set(application, known.set(key, text));
    return text;
  };
}

async function* present(events: AsyncIterable<ApplicationEvent>): AsyncGenerator<Message> {
  for await (const { type, application } of events)
    yield { type, application: presentApplication(application) };
}

function topic(message: unknown): Topic {
  const { type, application } = message as Message;
  const { namespace, name } = application['metadata'] as Readonly<Record<string, string>>;
  return { name: `${namespace}/${name}`, isOver: type === 'DELETED' };
}
