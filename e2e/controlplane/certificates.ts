import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

/** PEM texts of a certificate and its private key. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

/** Signs certificates that log in to an API server which trusts it with `--client-ca-file`. */
export interface ClientAuthority {
  /** PEM. */
  readonly certificate: string;
  /** A certificate for a day, of a user in these groups. */
  issue(user: string, groups: readonly string[]): CertificateAndKey;
  /** A certificate for a day, of a server at this IPv4 address. */
  issueServer(address: string): CertificateAndKey;
}

const DAY_MS = 86_400_000;

/**
 * A new authority, with elliptic keys. X.509 is written here by hand, for neither Node nor any tool
 * that this project may count on can make a certificate.
 */
export function createClientAuthority(): ClientAuthority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = distinguishedName('tiphys-e2e-clients', []);
  const certificate = signedCertificate({
    issuer: name,
    subject: name,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    extensions: [
      extension(OID.basicConstraints, sequence(boolean(true))),
      extension(OID.keyUsage, der(0x03, Buffer.of(0x02, 0x04))), // to sign certificates
    ],
  });
  return {
    certificate,
    issue(user, groups) {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        key: own.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        certificate: signedCertificate({
          issuer: name,
          subject: distinguishedName(user, groups),
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          extensions: [
            extension(OID.keyUsage, der(0x03, Buffer.of(0x07, 0x80))), // to sign what one sends
            extension(OID.extendedKeyUsage, sequence(objectId(OID.clientAuth))),
          ],
        }),
      };
    },
    issueServer: (address) => serverCertificate(address, [], { name, key: keys.privateKey }),
  };
}

/** A certificate for a day that signs itself, of a server at this IPv4 address and of these names. */
export function createServerCertificate(
  address: string,
  names: readonly string[] = [],
): CertificateAndKey {
  return serverCertificate(address, names, undefined);
}

function serverCertificate(
  address: string,
  names: readonly string[],
  issuer: { readonly name: Buffer; readonly key: KeyObject } | undefined,
): CertificateAndKey {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = distinguishedName('tiphys-e2e-server', []);
  const bytes = Buffer.from(address.split('.').map(Number));
  return {
    key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: signedCertificate({
      issuer: issuer?.name ?? name,
      subject: name,
      publicKey: keys.publicKey,
      signingKey: issuer?.key ?? keys.privateKey,
      extensions: [
        extension(OID.keyUsage, der(0x03, Buffer.of(0x07, 0x80))), // to sign what one sends
        extension(OID.extendedKeyUsage, sequence(objectId(OID.serverAuth))),
        extension(
          OID.subjectAltName,
          sequence(der(0x87, bytes), ...names.map((one) => der(0x82, Buffer.from(one)))),
        ),
      ],
    }),
  };
}

interface CertificateInput {
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

function signedCertificate(input: CertificateInput): string {
  const algorithm = sequence(objectId(OID.ecdsaWithSha256));
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f); // positive, and not shorter than it looks
  const now = Date.now();
  const content = sequence(
    der(0xa0, der(0x02, Buffer.of(2))), // version 3
    der(0x02, serial),
    algorithm,
    input.issuer,
    sequence(utcTime(now - DAY_MS), utcTime(now + DAY_MS)),
    input.subject,
    input.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...input.extensions)),
  );
  const signature = sign('sha256', content, input.signingKey);
  const whole = sequence(content, algorithm, der(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = whole.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const OID = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  extendedKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
} as const;

/** Kubernetes reads the user from the common name and its groups from the organizations. */
function distinguishedName(user: string, groups: readonly string[]): Buffer {
  const part = (id: string, text: string) =>
    der(0x31, sequence(objectId(id), der(0x0c, Buffer.from(text))));
  return sequence(
    ...groups.map((group) => part(OID.organization, group)),
    part(OID.commonName, user),
  );
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(objectId(id), boolean(true), der(0x04, value)); // critical
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function boolean(value: boolean): Buffer {
  return der(0x01, Buffer.of(value ? 0xff : 0));
}

/** `YYMMDDhhmmssZ`. */
function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replaceAll(/\D/g, '');
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`));
}

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let left = value >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
  return digits;
}

/** One value: its tag, its length, its content. */
function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const bytes = length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...bytes]), content]);
}
