import { sleep } from '../controlplane/waiting.ts';
import { Agent, request } from 'undici';

/** JSON requests to an API server, for the bench. `createKubeRequester` cannot patch. */
export interface ClusterClient extends AsyncDisposable {
  call<T>(method: 'GET' | 'POST' | 'PATCH', path: string, body?: object): Promise<T>;
  /** Server-side apply of a whole object, as field manager `bench`. */
  apply(path: string, object: object): Promise<void>;
  /** How many requests the API server has answered so far, by verb and resource, without its own loopback. */
  served(): Promise<number>;
}

export function createClusterClient(access: {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
}): ClusterClient {
  const agent = new Agent({ connect: { ca: access.ca }, connections: 32 });
  async function send(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    body?: object,
    type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
  ) {
    const answer = await request(`${access.server}${path}`, {
      dispatcher: agent,
      method,
      headers: { authorization: `Bearer ${access.token}`, 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400)
      throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`);
    return text;
  }
  return {
    call: async (method, path, body) => JSON.parse(await send(method, path, body)),
    async apply(path, object) {
      await send('PATCH', `${path}?fieldManager=bench`, object, 'application/apply-patch+yaml');
    },
    async served() {
      const metrics = await send('GET', '/metrics');
      let total = 0;
      for (const [, value] of metrics.matchAll(/^apiserver_request_total\{[^}]*\} (\S+)$/gm))
        total += Number(value);
      return total;
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

/** Looks until the object holds this under `data.value`. */
export async function untilValue(
  client: ClusterClient,
  path: string,
  value: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const seen = await client.call<{ data?: { value?: string } }>('GET', path);
    if (seen.data?.value === value) return;
    await sleep(2, signal);
  }
}

interface Listed {
  readonly items: readonly { readonly status?: { readonly sync?: { readonly status?: string } } }[];
}

/** Looks once a second until every Application of the collection is Synced. */
export async function allSynced(
  client: ClusterClient,
  collection: string,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const { items } = await client.call<Listed>('GET', `${collection}?resourceVersion=0`);
    if (items.length > 0 && items.every(({ status }) => status?.sync?.status === 'Synced')) return;
    await sleep(1_000, signal);
  }
}
