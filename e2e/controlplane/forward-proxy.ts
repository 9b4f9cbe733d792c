import { once } from 'node:events';
import { createServer, request as ask } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface ForwardProxy extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, with user and password when it asks for them. */
  readonly url: string;
  /** `HOST:PORT` of every tunnel and of every plain request that it let pass. */
  readonly asked: string[];
}

export interface ForwardProxyOptions {
  /** Names that it takes for this machine, since programs go to loopback addresses without any proxy. */
  readonly here?: readonly string[];
  /** `HOST:PORT` by the `HOST:PORT` that is asked for. */
  readonly elsewhere?: Readonly<Record<string, string>>;
  /** Who may use it. Default: everybody. */
  readonly user?: { readonly username: string; readonly password: string };
}

/** A proxy on loopback: tunnels by CONNECT, and plain HTTP. Lifetime: disposing cuts what is open. */
export async function startForwardProxy({
  here = [],
  elsewhere = {},
  user,
}: ForwardProxyOptions = {}): Promise<ForwardProxy> {
  const asked: string[] = [];
  const needed =
    user && `Basic ${Buffer.from(`${user.username}:${user.password}`).toString('base64')}`;
  const addressOf = (host: string) => (here.includes(host) ? '127.0.0.1' : host);

  const server = createServer((request, response) => {
    if (needed !== undefined && request.headers['proxy-authorization'] !== needed)
      return void response.writeHead(407, { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
    const target = new URL(request.url ?? '');
    asked.push(target.host);
    const { port, pathname, search } = target;
    const instead = elsewhere[`${target.hostname}:${port || 80}`]?.split(':');
    const [host = addressOf(target.hostname), hostPort = port] = instead ?? [];
    const options = { host, port: hostPort, path: pathname + search };
    const { method, headers } = request;
    const upstream = ask({ ...options, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  });
  server.on('connect', (request, client, head) => {
    if (needed !== undefined && request.headers['proxy-authorization'] !== needed)
      return void client.end(
        'HTTP/1.1 407 Sign in\r\nproxy-authenticate: Basic realm="proxy"\r\n\r\n',
      );
    const target = request.url ?? '';
    asked.push(target);
    const [host = '', port = ''] = (elsewhere[target] ?? target).split(':');
    const upstream = connect(Number(port), addressOf(host), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const signIn = user === undefined ? '' : `${user.username}:${encodeURIComponent(user.password)}@`;
  return {
    url: `http://${signIn}127.0.0.1:${port}`,
    asked,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
