import { parseCookie, stringifySetCookie } from 'cookie';
import { TiphysError } from '../../operator/index.ts';
import type { SessionChange } from '../route.ts';
import { TOKEN_COOKIE } from './token-of.ts';

export interface TokenCookiesOptions {
  /** Where the pages are: `/`, or the base path behind a proxy. */
  readonly path: string;
  /** Only over TLS. */
  readonly secure: boolean;
  /** A longer token is refused. */
  readonly maxCookies: number;
}

/** The cookies that hold a token for a browser (`spec/api.md` 3.5), as values of `Set-Cookie`. */
export interface TokenCookies {
  /**
   * Splits what is too long for one; what a longer token before it left behind (`sent`, the `Cookie`
   * header) is blanked. Errors: `RequestFailed` for a token that is too long.
   */
  set(
    token: string,
    sent: string | undefined,
    options?: { readonly secure: boolean },
  ): readonly string[];
  /** Blanks every cookie with a part of a token that was sent. */
  clear(sent: string | undefined): readonly string[];
}

/** Of name, value and attributes of one cookie: browsers keep no longer ones. */
const MAX_BYTES = 4093;
/** For `=` and the number of parts. */
const MARGIN = 8;

export function createTokenCookies({
  path,
  secure,
  maxCookies,
}: TokenCookiesOptions): TokenCookies {
  const attributes = {
    path: `/${path.replace(/^\/+|\/+$/g, '')}`,
    sameSite: 'lax',
    httpOnly: true,
  } as const;
  const write = (name: string, value: string, isSecure: boolean): string =>
    stringifySetCookie(
      { ...attributes, name, value, secure: isSecure },
      { encode: (text) => text },
    );

  return {
    set(token, sent, options = { secure }) {
      const longestName = `${TOKEN_COOKIE}-${maxCookies}`;
      const room = MAX_BYTES - write(longestName, '', true).length - MARGIN;
      const parts = split(token, room);
      if (parts.length > maxCookies)
        throw new TiphysError(
          'RequestFailed',
          `the token needs ${parts.length} cookies, and ${maxCookies} are allowed`,
          { hint: 'Let the provider send fewer groups, or raise --api-max-cookies.' },
        );
      const values = parts.map((part, index) =>
        index === 0 && parts.length > 1 ? `${parts.length}:${part}` : part,
      );
      const written = new Map(values.map((value, index) => [nameOf(index), value]));
      const stale = namesIn(sent).filter((name) => !written.has(name));
      return [
        ...[...written].map(([name, value]) => write(name, value, options.secure)),
        ...stale.map((name) => write(name, '', options.secure)),
      ];
    },
    clear: (sent) => namesIn(sent).map((name) => write(name, '', secure)),
  };
}

/** The cookies to set after a request: what it changed goes before a token that was renewed on the way. */
export function sessionCookies(
  change: SessionChange | undefined,
  renewed: string | undefined,
  sent: string | undefined,
  cookies: TokenCookies | undefined,
): readonly string[] {
  if (cookies === undefined) return [];
  if (change?.type === 'ended') return cookies.clear(sent);
  if (change?.type === 'begun') {
    const { token, secure } = change;
    return cookies.set(token, sent, secure === undefined ? undefined : { secure });
  }
  return renewed === undefined ? [] : cookies.set(renewed, sent);
}

function nameOf(index: number): string {
  return index === 0 ? TOKEN_COOKIE : `${TOKEN_COOKIE}-${index}`;
}

function split(token: string, room: number): readonly string[] {
  const parts = [];
  for (let from = 0; from < token.length; from += room) parts.push(token.slice(from, from + room));
  return parts;
}

/** The cookies with parts of a token, whichever numbers they have. */
function namesIn(sent: string | undefined): readonly string[] {
  return Object.keys(parseCookie(sent ?? '')).filter(
    (name) => name === TOKEN_COOKIE || /^argocd\.token-\d{1,3}$/.test(name),
  );
}
