import type { IncomingHttpHeaders } from 'node:http';
import { parseCookie } from 'cookie';

export const TOKEN_COOKIE = 'argocd.token';

/** The token that a request shows, wherever it has it (`spec/api.md` 0.5); `undefined`: none. */
export function tokenOf(headers: IncomingHttpHeaders): string | undefined {
  const metadata = headers['grpc-metadata-token'];
  if (typeof metadata === 'string' && metadata !== '') return metadata;
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined && bearer.split('.').length === 3) return bearer;
  return tokenInCookies(headers.cookie ?? '');
}

/** Long tokens are split: `N:part`, then the cookies `-1` to `-(N-1)`. */
export function tokenInCookies(header: string): string | undefined {
  const cookies = parseCookie(header);
  const first = cookies[TOKEN_COOKIE] ?? '';
  const split = /^(\d{1,3}):(.*)$/s.exec(first);
  if (split === null) return first === '' ? undefined : first;
  const parts = Number(split[1]);
  const rest = Array.from({ length: Math.max(0, parts - 1) }, (_, index) => {
    return cookies[`${TOKEN_COOKIE}-${index + 1}`] ?? '';
  });
  return [split[2] ?? '', ...rest].join('');
}
