import { TiphysError } from '../../operator/index.ts';
import type { Route } from '../route.ts';

/**
 * The parameters in the path of a request, decoded once: an escaped slash does not split it. Errors:
 * `InvalidRequest` when an escape is none.
 */
export function paramsOf(
  { path, plusIsBlank }: Pick<Route, 'path' | 'plusIsBlank'>,
  url: string,
): Readonly<Record<string, string>> {
  const [written = ''] = url.split('?', 1);
  const sent = written.split('/');
  const params: Record<string, string> = {};
  for (const [index, segment] of path.split('/').entries()) {
    const name = /^\{([^}=]+)(=\*\*)?\}$/.exec(segment);
    if (name === null) continue;
    const raw = name[2] === undefined ? (sent[index] ?? '') : sent.slice(index).join('/');
    params[name[1] ?? ''] = decode(plusIsBlank ? raw.replaceAll('+', ' ') : raw);
  }
  return params;
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch (cause) {
    throw new TiphysError('InvalidRequest', `path: "${raw.slice(0, 100)}" is not escaped rightly`, {
      cause,
    });
  }
}
