import { Agent, request } from 'undici';

/** The few plain requests that setting up a cluster and waiting for it need. */
export interface KubeRequester extends AsyncDisposable {
  /**
   * The parsed body, or `undefined` when the object or path does not exist (yet), or when the API
   * server cannot be reached. Rejects on every other answer of 400 and above.
   */
  get(path: string, signal: AbortSignal): Promise<unknown>;
  /** Creates an object; one that exists already is fine. */
  create(path: string, body: object, signal: AbortSignal): Promise<void>;
}

export interface KubeAccess {
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

export function createKubeRequester({ server, ca, token }: KubeAccess): KubeRequester {
  const agent = new Agent({ connect: { ca } });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return {
    async get(path, signal) {
      const answer = await request(`${server}${path}`, {
        dispatcher: agent,
        headers,
        signal,
      }).catch((error: unknown) => {
        if (signal.aborted) throw signal.reason;
        return (error as Error).name === 'AssertionError' ? Promise.reject(error) : undefined;
      });
      if (answer === undefined) return undefined;
      const body = await answer.body.text();
      if (answer.statusCode === 404 || answer.statusCode >= 500) return undefined;
      // While the API server starts, RBAC does not know its own administrators yet.
      if (answer.statusCode === 403 || answer.statusCode === 401) return undefined;
      if (answer.statusCode >= 400) throw new Error(`GET ${path}: ${answer.statusCode} ${body}`);
      return body.startsWith('{') ? JSON.parse(body) : body;
    },
    async create(path, body, signal) {
      const answer = await request(`${server}${path}`, {
        dispatcher: agent,
        method: 'POST',
        headers,
        body: JSON.stringify(body),
        signal,
      });
      const text = await answer.body.text();
      if (answer.statusCode >= 400 && answer.statusCode !== 409) {
        throw new Error(`POST ${path}: ${answer.statusCode} ${text}`);
      }
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}
