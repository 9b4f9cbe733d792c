import { planOf } from './http/bind.ts';
import type { Route, RouteAccess } from './route.ts';

/** A JSON Schema, or a part of the description; written once, read by machines. */
type Node = Readonly<Record<string, unknown>>;

export interface OpenApiOptions {
  readonly version: string;
}

/**
 * The OpenAPI 3.1 description of routes: their paths, the parameters and bodies that they read by their shapes,
 * and the shape of a refusal. What a route answers with is that of Argo CD, and is not described.
 */
export function describeRoutes(routes: readonly Route[], { version }: OpenApiOptions): Node {
  const paths: Record<string, Record<string, Node>> = {};
  for (const route of routes) {
    const { path, params } = pathOf(route, Object.keys(paths));
    // One that takes every method is meant to be posted to.
    const method = route.method === 'all' ? 'post' : route.method;
    (paths[path] ??= {})[method] = operationOf(route, params);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tiphys',
      version: version === '' ? '0' : version,
      description: 'Applications, their projects, repositories and clusters.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: { Problem: PROBLEM }, securitySchemes: SECURITY },
  };
}

const PROBLEM: Node = {
  type: 'object',
  description: 'Why a request was refused. The text stands in it twice.',
  properties: {
    error: { type: 'string' },
    message: { type: 'string' },
    code: { type: 'integer', description: 'As gRPC numbers them.' },
    hint: { type: 'string', description: 'What to try next.' },
  },
  required: ['error', 'code', 'message'],
};

const SECURITY: Node = {
  bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  cookie: { type: 'apiKey', in: 'cookie', name: 'argocd.token' },
};

/**
 * Two paths that differ in the names of their parameters only are one, under the names that came first. Names have no
 * dots: programs that read descriptions take `{id.value}` for a member of `id`.
 */
function pathOf(
  { path }: Route,
  known: readonly string[],
): { readonly path: string; readonly params: readonly string[] } {
  const plain = path
    .replaceAll('=**}', '}')
    .replaceAll(/\{[^}]*\}/g, (name) =>
      name.replaceAll(/\.(.)/g, (_, next: string) => next.toUpperCase()),
    );
  const skeleton = (one: string) => one.replaceAll(/\{[^}]*\}/g, '{}');
  const same = known.find((other) => skeleton(other) === skeleton(plain)) ?? plain;
  return { path: same, params: [...same.matchAll(/\{([^}]*)\}/g)].map(([, name = '']) => name) };
}

function operationOf(route: Route, params: readonly string[]): Node {
  const { summary, path, access, query } = route;
  const inPath = params.map((name) => ({
    ...{ name, in: 'path', required: true },
    schema: { type: 'string' },
  }));
  const names = new Set([...path.matchAll(/\{([^}=]*)/g)].map(([, name]) => name));
  const inQuery = queryOf(planOf(query) as Node).filter(({ name }) => !names.has(name as string));
  const described = path.split('/').find((part) => !['', 'api', 'v1', 'stream'].includes(part));
  const body = bodyOf(route);
  return {
    operationId: operationId(route),
    summary,
    description: wordsOf(access),
    tags: [described ?? 'other'],
    security: access.type === 'public' ? [] : [{ bearer: [] }, { cookie: [] }],
    parameters: [...inPath, ...inQuery],
    ...(body !== undefined && { requestBody: { content: body } }),
    responses: {
      '200': { description: 'The answer.', content: { 'application/json': {} } },
      default: {
        description: 'A refusal.',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function operationId({ method, path }: Route): string {
  const words = path
    .replaceAll(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .split(' ');
  const camel = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return `${method}${camel.join('')}`;
}

function wordsOf(access: RouteAccess): string {
  switch (access.type) {
    case 'public':
      return 'Anybody may ask.';
    case 'signed-in':
      return 'Whoever signed in may ask.';
    case 'filtered':
      return `Holds what one may see: ${access.resource}, ${access.action}.`;
    case 'needs':
      return `Needs ${access.resource}, ${access.action}.`;
    case 'own-rule':
      return `For ${access.rule.replaceAll('`', '')}.`;
  }
}

/** Parameters as they are written: members of objects with dots, lists by repetition. */
function queryOf(schema: Node, prefix = ''): readonly Node[] {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, Node>>;
  return Object.entries(properties).flatMap(([name, inner]) => {
    const whole = `${prefix}${name}`;
    if (inner['properties'] !== undefined) return queryOf(inner, `${whole}.`);
    return [
      {
        name: whole,
        in: 'query',
        schema: inner,
        ...(inner['type'] === 'array' && { explode: true }),
      },
    ];
  });
}

function bodyOf({ body }: Route): Node | undefined {
  switch (body?.type) {
    case undefined:
      return undefined;
    case 'fields': {
      const { $schema: _dialect, ...schema } = planOf(body.shape) as Node;
      return { 'application/json': { schema } };
    }
    case 'text':
      return { 'application/json': { schema: { type: 'string' } } };
    case 'any':
      return { 'application/json': { schema: {} } };
    case 'raw':
      return { 'application/json': {} };
  }
}
