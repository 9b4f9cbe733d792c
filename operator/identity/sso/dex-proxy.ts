import { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { parseCookie, stringifyCookie } from 'cookie';
import { Agent } from 'undici';
import type { Logger } from '../../ports/telemetry.ts';

export interface DexProxyOptions {
  /** `https://argocd-dex-server:5556`. */
  readonly address: string;
  /** PEM of the authority of its certificate; empty: no certificate is checked, as Dex makes its own. */
  readonly ca: string;
  /** The path below which Dex serves; `undefined` when it is not the provider now. */
  readonly pathAtDex: () => string | undefined;
  /** Where the pages are: `/`, or the base path behind a proxy. */
  readonly basePath: string;
  readonly logger: Logger;
}

/** Lets browsers reach Dex at our own address, under `/api/dex`. */
export interface DexProxy extends AsyncDisposable {
  readonly path: string;
  /** False: it is not for Dex, and nothing was answered. */
  forward(
    request: IncomingMessage,
    response: ServerResponse,
    signal: AbortSignal,
  ): Promise<boolean>;
}

const PATH = '/api/dex';
const TIMEOUT_MS = 30_000;
/** They are about one connection, and there are two. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'host', 'expect'],
]);

/** Forwards to Dex and back, without our own cookies. A failure of Dex sends the browser to the sign-in page. */
export function createDexProxy(options: DexProxyOptions): DexProxy {
  const { address, ca, pathAtDex, basePath, logger } = options;
  const agent = new Agent({
    connect: ca === '' ? { rejectUnauthorized: false } : { ca },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const loginPage = `${basePath.replace(/\/+$/, '')}/login?has_sso_error=true`;

  function sendToLogin(response: ServerResponse): void {
    response.writeHead(303, { location: loginPage, 'cache-control': 'no-store' }).end();
  }

  return {
    path: PATH,
    async forward(request, response, signal) {
      const { url = '', method = 'GET' } = request;
      const path = url.split('?', 1)[0] ?? '';
      const there = pathAtDex();
      if (there === undefined || !path.startsWith(`${PATH}/`)) return false;
      try {
        const hasBody = method !== 'GET' && method !== 'HEAD';
        const answer = await agent.request({
          origin: address,
          path: `${there}${url.slice(PATH.length)}`,
          method: method as 'GET',
          headers: headersForDex(request),
          body: hasBody ? request : null,
          signal,
        });
        if (answer.statusCode === 500) {
          await answer.body.dump();
          logger.warn({ path }, 'Dex failed');
          sendToLogin(response);
          return true;
        }
        for (const [name, value] of Object.entries(answer.headers))
          if (value !== undefined && !HOP_BY_HOP.has(name)) response.setHeader(name, value);
        response.writeHead(answer.statusCode);
        await pipeline(answer.body, response);
      } catch (error) {
        if (signal.aborted) return true;
        logger.warn({ path, err: error as Error }, 'Dex cannot be reached');
        if (response.headersSent) response.destroy();
        else sendToLogin(response);
      }
      return true;
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

function headersForDex({ headers, socket }: IncomingMessage): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !HOP_BY_HOP.has(name) && !/^:|^cookie$/.test(name))
      kept[name] = value;
  const cookies = cookiesForDex(headers);
  return {
    ...kept,
    ...(cookies !== '' && { cookie: cookies }),
    'x-forwarded-host': headers.host ?? '',
    'x-forwarded-for': [headers['x-forwarded-for'] ?? [], socket.remoteAddress ?? '']
      .flat()
      .join(', '),
  };
}

/** What tells who somebody is here is nothing for Dex. */
function cookiesForDex({ cookie = '' }: IncomingHttpHeaders): string {
  const theirs = Object.entries(parseCookie(cookie, { decode: (text) => text })).filter(
    ([name]) => !name.startsWith('argocd.'),
  );
  return stringifyCookie(Object.fromEntries(theirs), { encode: (text) => text });
}
