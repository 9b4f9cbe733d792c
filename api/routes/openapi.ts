import { describeRoutes } from '../openapi.ts';
import { type Answer, type Route, route } from '../route.ts';

/** The description of all routes, and a page that leads to it. Others must not frame them. */
export function openApiRoutes(
  routes: () => readonly Route[],
  { version }: { readonly version: string },
): readonly Route[] {
  let description: string | undefined;
  return [
    route({
      method: 'get',
      path: '/swagger.json',
      summary: 'This API as OpenAPI 3.1 describes it',
      access: { type: 'public' },
      answer() {
        description ??= JSON.stringify(describeRoutes(routes(), { version }));
        return unframed('application/json', description);
      },
    }),
    route({
      method: 'get',
      path: '/swagger-ui',
      summary: 'A page that leads to the description',
      access: { type: 'public' },
      answer: () => unframed('text/html; charset=utf-8', PAGE),
    }),
  ];
}

/** No script of somebody else runs here: whoever wants to browse the description opens it in a tool. */
const PAGE =
  '<!doctype html><title>Tiphys API</title><p>The API is described in <a href="swagger.json">swagger.json</a>, as OpenAPI 3.1; open it in any tool that reads that.</p>\n';

function unframed(type: string, body: string): Answer {
  const headers = {
    'content-type': type,
    'x-frame-options': 'DENY',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-content-type-options': 'nosniff',
  };
  return { type: 'raw', headers, body };
}
