import { nearestName } from '../core/nearest-name.ts';
import type { ConfigKey, ConfigProblem } from './key.ts';

const PREFIX = 'TIPHYS_';
/** Variables of the project's own build and tests, which share the prefix. */
const OTHERS = /^TIPHYS_(CACHE$|E2E_|TEST_)/;

/** Variables that begin like ours and are none: most likely misspelt, so that a setting would be lost. */
export function strayVariables(
  env: Readonly<Record<string, string | undefined>>,
  keys: readonly ConfigKey<unknown>[],
): readonly ConfigProblem[] {
  const known = keys.flatMap((key) => key.env.filter((name) => name.startsWith(PREFIX)));
  return Object.entries(env).flatMap(([name, value]) => {
    if (!name.startsWith(PREFIX) || known.includes(name) || OTHERS.test(name)) return [];
    if (value === undefined || isServiceLink(name, value)) return [];
    const nearest = nearestName(name.slice(PREFIX.length), known.map(withoutPrefix));
    const meant = nearest === undefined ? '' : `; did you mean ${PREFIX}${nearest}?`;
    return [{ name, message: `is unknown${meant}` }];
  });
}

const withoutPrefix = (name: string): string => name.slice(PREFIX.length);

/**
 * Kubernetes tells every Pod about the Services of its namespace in variables. Those of a Service
 * `tiphys` or `tiphys-metrics` look like settings (`TIPHYS_METRICS_PORT=tcp://10.0.0.7:8082`).
 */
export function isServiceLink(name: string, value: string): boolean {
  if (/_SERVICE_HOST$|_SERVICE_PORT(_[A-Z0-9_]+)?$/.test(name)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true;
  return name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value);
}
