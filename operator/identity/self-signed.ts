import { generate } from 'selfsigned';
import type { KeyPair } from '../runtime/key-pair.ts';

const YEAR_MS = 365 * 86_400_000;

/** A new certificate of a server for itself, for a year, by the names under which a cluster knows it. */
export async function selfSigned(namespace: string, nowMs: number): Promise<KeyPair> {
  const service = `argocd-server.${namespace}`;
  const names = [
    'localhost',
    'argocd-server',
    service,
    `${service}.svc`,
    `${service}.svc.cluster.local`,
  ];
  const pair = await generate([{ name: 'organizationName', value: 'Tiphys' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - 3_600_000), // clocks differ
    notAfterDate: new Date(nowMs + YEAR_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          ...names.map((value) => ({ type: 2 as const, value })),
          { type: 7 as const, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { certificate: pair.cert, key: pair.private };
}
