import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { eventually, met, pending } from './expectation.ts';
import type { World } from './world.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The text as JSON; `undefined` when it is none. */
  readonly json: unknown;
}

export interface ApiRequest {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Speaks to the API of an operator or server of a world, as a client that knows nothing of Tiphys. */
export interface ApiClient {
  readonly url: string;
  request(path: string, request?: ApiRequest): Promise<ApiAnswer>;
}

/** Waits until the API of `name` listens; it was started with `--api-port=0`. */
export async function apiClient(
  world: World,
  signal: AbortSignal,
  name = 'operator',
): Promise<ApiClient> {
  let url = '';
  const listens = async () => {
    const line = /\{[^\n]*"msg":"API"[^\n]*\}/.exec(await world.operatorLog(name))?.[0];
    if (line === undefined) return pending('the API does not listen yet');
    const { port, scheme = 'http' } = JSON.parse(line) as { port: number; scheme?: string };
    url = `${scheme}://127.0.0.1:${port}`;
    return met(url);
  };
  await eventually(listens, { withinMs: 30_000, signal });
  if (url.startsWith('https:')) await trustServer(world);
  return {
    url,
    async request(path, { method = 'GET', body, token, headers = {} } = {}) {
      const response = await fetch(`${url}${path}`, {
        method,
        signal,
        redirect: 'manual',
        headers: {
          ...(method !== 'GET' && { 'content-type': 'application/json' }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: parse(text) };
    },
  };
}

/** Trusts its certificate from now on. For the whole process, as `fetch` has it. */
async function trustServer(world: World): Promise<void> {
  setDefaultCACertificates([...getCACertificates('default'), await serverCertificate(world)]);
}

/** The self-signed certificate of the API, from where an administrator would take it. */
export async function serverCertificate(world: World): Promise<string> {
  const data = await world.kubectl([
    ...['get', 'secret', 'argocd-secret', `--namespace=${world.namespace}`],
    String.raw`--output=jsonpath={.data.tls\.crt}`,
  ]);
  return Buffer.from(data, 'base64').toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not every answer is JSON
  }
}
