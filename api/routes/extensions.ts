import { TiphysError } from '../../operator/index.ts';
import { answerHeaders, callExtension, type ControlPlane } from '../../operator/services/index.ts';
import { type Answer, type Route, type RouteRequest, route } from '../route.ts';

const PATHS = ['/extensions/{name}', '/extensions/{name}/{path=**}'];
const WITH_BODY = ['post', 'put', 'patch', 'delete'] as const;
/** `namespace:name`. */
const APPLICATION = /^([a-z0-9][a-z0-9.-]{0,251}):([a-z0-9][a-z0-9.-]{0,251})$/;

const ABOUT = {
  summary: 'Asks a service behind the API, in the name of an Application',
  access: {
    type: 'own-rule',
    rule: '`applications, get` and `extensions, invoke`; only with `--api-proxy-extensions`',
  },
  isGuarded: false,
} as const;

/**
 * Services that administrators put behind the API. Pages of others cannot ask them: they cannot send the headers
 * that name the Application without being allowed to, whatever the type of the body is.
 */
export const extensionRoutes: readonly Route[] = PATHS.flatMap((path) => [
  route({ ...ABOUT, method: 'get', path, answer: (asked, to) => passOn(asked, undefined, to) }),
  ...WITH_BODY.map((method) =>
    route({
      ...ABOUT,
      method,
      path,
      body: 'raw',
      answer: (asked, to) => passOn(asked, asked.body, to),
    }),
  ),
]);

async function passOn(
  { method, params, headers, url, requester, signal }: RouteRequest<unknown, unknown>,
  body: AsyncIterable<Uint8Array> | undefined,
  controlPlane: ControlPlane,
): Promise<Answer> {
  const [, namespace = '', app = ''] = APPLICATION.exec(textIn(headers, NAME_HEADER)) ?? [];
  if (app === '') throw missing('Argocd-Application-Name', 'namespace:name');
  const project = textIn(headers, PROJECT_HEADER);
  if (project === '') throw missing('Argocd-Project-Name', 'a name');
  const hasBody =
    headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  const call = {
    ...{ name: params['name'] ?? '', app: { name: app, namespace, project } },
    ...{ method, headers, path: url.replace(/^\/extensions\/[^/?]*/, '') },
    ...(hasBody && body !== undefined && { body }),
  };
  const answer = await callExtension(controlPlane, requester, call, signal);
  const { status, body: bytes } = answer;
  return { type: 'raw', status, headers: answerHeaders(answer.headers), body: bytes };
}

const NAME_HEADER = 'argocd-application-name';
const PROJECT_HEADER = 'argocd-project-name';

function textIn(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  name: string,
): string {
  const value = headers[name];
  return typeof value === 'string' ? value.trim() : '';
}

function missing(header: string, form: string): TiphysError {
  return new TiphysError('InvalidRequest', `header ${header}: must be ${form}`, {
    hint: 'Extensions are asked for one Application, which these headers name.',
  });
}
