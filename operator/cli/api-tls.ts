import { getCiphers } from 'node:tls';
import type { TlsOptions } from '../../api/index.ts';
import type { Config } from '../config/keys.ts';
import { TiphysError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import type { ServerCertificate } from '../live/server-certificate.ts';

/** How the settings say that the API speaks TLS. Errors: `InvalidConfig` for a cipher or versions that there are not. */
export function apiTls(
  config: Pick<Config, 'apiTlsMinVersion' | 'apiTlsMaxVersion' | 'apiTlsCiphers'>,
  certificate: Pick<ServerCertificate, 'current' | 'onChange'>,
): TlsOptions {
  const { apiTlsMinVersion: min, apiTlsMaxVersion: max, apiTlsCiphers } = config;
  if (min > max)
    throw new TiphysError(
      'InvalidConfig',
      `--api-tls-min-version ${min}: is newer than --api-tls-max-version ${max}`,
    );
  return {
    current: () => certificate.current(),
    onChange: (listener) => certificate.onChange(listener),
    minVersion: `TLSv${min}`,
    maxVersion: `TLSv${max}`,
    ciphers: apiTlsCiphers
      .map(openSslName)
      .filter((name) => !name.startsWith('TLS_'))
      .join(':'),
  };
}

/** `TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384` is `ECDHE-RSA-AES256-GCM-SHA384`; those of TLS 1.3 have one name. */
function openSslName(name: string): string {
  const known = new Set(getCiphers().map((cipher) => cipher.toUpperCase()));
  const translated = name
    .toUpperCase()
    .replace(/^TLS_(.+)_WITH_/, '$1-')
    .replace(/AES_(\d+)/, 'AES$1')
    .replace(/CHACHA20_POLY1305_SHA256$/, 'CHACHA20-POLY1305');
  const candidate = /^TLS_(AES|CHACHA20)/i.test(name)
    ? name.toUpperCase()
    : translated.replaceAll('_', '-');
  if (known.has(candidate)) return candidate;
  const nearest = nearestName(candidate, [...known]);
  throw new TiphysError('InvalidConfig', `--api-tls-ciphers: there is no cipher ${name}`, {
    ...(nearest !== undefined && { hint: `Did you mean ${nearest}?` }),
  });
}
