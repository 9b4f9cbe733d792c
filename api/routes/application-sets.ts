import { TiphysError } from '../../operator/index.ts';
import { json, type Method, type Route, type RouteAccess, route } from '../route.ts';

// This version has no ApplicationSets. Clients that ask for them all the same are told so in a form that they
// understand; lists are empty, for pages ask for them without being asked to.

const may = (action: string): RouteAccess => ({
  type: 'own-rule',
  rule: `nobody yet: this version has no ApplicationSets (\`applicationsets, ${action}\`)`,
});

const MISSING: readonly (readonly [Method, string, summary: string, action: string])[] = [
  ['get', '/{name}', 'One ApplicationSet', 'get'],
  ['post', '', 'Creates an ApplicationSet', 'create'],
  ['delete', '/{name}', 'Deletes an ApplicationSet', 'delete'],
  ['post', '/generate', 'What an ApplicationSet would generate', 'create'],
  ['get', '/{name}/resource-tree', 'The Applications of an ApplicationSet', 'get'],
  ['get', '/{name}/events', 'The Events of an ApplicationSet', 'get'],
];

/** What is asked for ApplicationSets. */
export const applicationSetRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/applicationsets',
    summary: 'ApplicationSets: always none',
    access: { type: 'filtered', resource: 'applicationsets', action: 'get' },
    answer: () => json({ metadata: {}, items: [] }),
  }),
  route({
    method: 'get',
    path: '/api/v1/stream/applicationsets',
    summary: 'What happens to ApplicationSets: nothing; a stream',
    access: { type: 'filtered', resource: 'applicationsets', action: 'get' },
    answer: ({ signal }) => ({ type: 'stream', messages: nothing(signal) }),
  }),
  ...MISSING.map(([method, path, summary, action]) =>
    route({
      method,
      path: `/api/v1/applicationsets${path}`,
      summary,
      access: may(action),
      answer() {
        throw new TiphysError('NotImplemented', 'ApplicationSets are not implemented');
      },
    }),
  ),
];

/** A stream that would fail, or end, would be asked for again and again. */
function nothing(signal: AbortSignal): AsyncIterable<never> {
  const left = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const next = async () => {
    await left;
    return { done: true, value: undefined } as const;
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}
