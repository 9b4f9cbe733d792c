import { parseCookie, stringifySetCookie } from 'cookie';
import * as z from 'zod/mini';
import { hasCode, type TiphysError } from '../../operator/index.ts';
import { tokenInCookies } from '../http/token-of.ts';
import { type Answer, type Method, type Route, type RouteRequest, route } from '../route.ts';

const STATE_COOKIE = 'argocd.oauthstate';
const METHODS: readonly Method[] = ['get', 'post', 'put', 'patch', 'delete'];

const text = z.optional(z.string());

/** What a provider sends a browser back with. */
const CALLBACK = z.object({
  ...{ code: text, state: text, iss: text, session_state: text },
  ...{ error: text, error_description: text },
});

/**
 * Pages that a browser is sent to: they answer with redirects and plain words. Those of a provider are there
 * while one is configured.
 */
export const authRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/auth/login',
    summary: 'Sends a browser to the identity provider',
    access: { type: 'public' },
    isGuarded: false,
    query: z.object({ return_url: text }),
    async answer({ query, headers, signal }, { ports }) {
      if (!ports.browser.isConfigured()) return page(404, 'Not Found');
      return await inWords(async () => {
        const request = { returnUrl: query.return_url ?? '', host: textOf(headers['host']) };
        const { redirect, state, stateSeconds, secure } = await ports.browser.begin(
          request,
          signal,
        );
        return redirectTo(redirect, [stateCookie(state, stateSeconds, secure)]);
      });
    },
  }),
  route({
    method: 'get',
    path: '/auth/callback',
    summary: 'Where the identity provider sends a browser back to',
    access: { type: 'public' },
    query: CALLBACK,
    async answer({ query, headers, signal }, { ports }) {
      if (!ports.browser.isConfigured()) return page(404, 'Not Found');
      const search = new URLSearchParams(
        Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined),
      );
      const state = parseCookie(textOf(headers['cookie']) ?? '')[STATE_COOKIE] ?? '';
      return await inWords(async () => {
        const answer = { search, state, host: textOf(headers['host']) };
        const { token, returnUrl, secure } = await ports.browser.finish(answer, signal);
        const session = { type: 'begun', token, secure } as const;
        return { ...redirectTo(returnUrl, [stateCookie('', 0, secure)]), session };
      });
    },
  }),
  ...METHODS.map((method) =>
    route({
      method,
      path: '/auth/logout',
      summary: 'Ends a session, and sends the browser on',
      access: { type: 'public' },
      isGuarded: false,
      answer: async ({ headers, signal }: RouteRequest<unknown, unknown>, { ports }) => {
        const token = tokenInCookies(textOf(headers['cookie']) ?? '');
        if (token === undefined) return page(400, 'There is no cookie that tells who you are');
        const target = await ports.browser.end({ token, host: textOf(headers['host']) }, signal);
        return { ...redirectTo(target, []), session: { type: 'ended' } };
      },
    }),
  ),
];

function stateCookie(value: string, maxAge: number, secure: boolean): string {
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax' } as const;
  return stringifySetCookie({ name: STATE_COOKIE, value, maxAge, secure, ...attributes });
}

type Page = Extract<Answer, { type: 'raw' }>;

function redirectTo(location: string, cookies: readonly string[]): Page {
  const headers = { location, 'cache-control': 'no-store', 'set-cookie': cookies };
  return { type: 'raw', status: 303, headers, body: '' };
}

function page(status: number, words: string): Page {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  return { type: 'raw', status, headers, body: `${words}\n` };
}

/** People read this in a browser. */
async function inWords(work: () => Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (hasCode(error, 'NotFound')) return page(404, 'Not Found');
    if (hasCode(error, 'InvalidRequest')) return page(400, wordsOf(error));
    if (hasCode(error, 'RequestFailed', 'NotPossibleNow', 'Timeout'))
      return page(500, wordsOf(error));
    throw error;
  }
}

function wordsOf({ message, hint }: TiphysError): string {
  return hint === '' ? message : `${message}\n${hint}`;
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}
