import { createPrivateKey, X509Certificate } from 'node:crypto';

/** A certificate, with those that lead to it, and its private key; PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Why a pair cannot be used for TLS; `undefined` when it can. */
export function problemOfPair({ certificate, key }: KeyPair): string | undefined {
  let parsed: X509Certificate;
  try {
    parsed = new X509Certificate(certificate);
  } catch {
    return 'tls.crt is no certificate';
  }
  try {
    return parsed.checkPrivateKey(createPrivateKey(key))
      ? undefined
      : 'tls.key is not the key of tls.crt';
  } catch {
    return 'tls.key is no private key'; // what it is instead nobody may know
  }
}
