import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { KeyReader, OpenPgpKey } from '../ports/key-reader.ts';
import { runProgram } from '../runtime/run-program.ts';

export interface KeyReaderOptions {
  /** Folder for keyrings that last as long as one question, ours alone. */
  readonly dir: string;
  /** Where `gpg` is found, like PATH. Default: the usual system folders. */
  readonly path?: string;
  readonly clock: Clock;
}

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const GPG_MS = 20_000;

/** Reads keys with the programs and libraries by which they are used. */
export function createKeyReader(options: KeyReaderOptions): KeyReader {
  /** Runs gpg with a keyring of its own; its words stay with us, for they may quote what was sent. */
  async function gpg(
    home: string,
    args: readonly string[],
    stdin: string,
    signal: AbortSignal,
  ): Promise<string> {
    const { path: PATH = SYSTEM_PATH, clock } = options;
    const env = { PATH, HOME: home, GNUPGHOME: home, LC_ALL: 'C' };
    const place = { program: 'gpg', cwd: home, env, stdin, timeoutMs: GPG_MS, clock };
    const fixed = ['--batch', '--no-tty', '--quiet', '--no-autostart'];
    const run = { ...place, args: [...fixed, ...args], maxOutputBytes: 10_000_000 };
    const { exitCode, stdout } = await runProgram(run, signal);
    if (exitCode !== 0) throw refused('gpg cannot read it');
    return stdout.toString('utf8');
  }

  return {
    async openPgp(armored, signal) {
      const home = join(options.dir, `read-${randomUUID()}`);
      await mkdir(home, { recursive: true, mode: 0o700 });
      try {
        await writeFile(join(home, 'gpg.conf'), 'trust-model always\n');
        const listing = await gpg(home, ['--with-colons', '--show-keys'], armored, signal);
        const found = parseListing(listing);
        await gpg(home, ['--import'], armored, signal);
        const keys: OpenPgpKey[] = [];
        for (const key of found) {
          const args = ['--armor', '--export', key.fingerprint];
          keys.push({ ...key, armored: await gpg(home, args, '', signal) });
        }
        return keys;
      } finally {
        await rm(home, { recursive: true, force: true });
      }
    },
    certificates(pem) {
      const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
      if (blocks.length === 0)
        throw new TiphysError('InvalidRequest', 'certData: is no certificate in PEM');
      return blocks.map(readCertificate);
    },
    sshFingerprint(base64) {
      const digest = createHash('sha256').update(Buffer.from(base64, 'base64')).digest('base64');
      return `SHA256:${digest.replace(/=+$/, '')}`;
    },
  };
}

function readCertificate(pem: string): { readonly subject: string; readonly algorithm: string } {
  try {
    const certificate = new X509Certificate(pem);
    const subject = certificate.subject.split('\n').reverse().join(',');
    return { subject, algorithm: certificate.publicKey.asymmetricKeyType ?? '' };
  } catch (cause) {
    throw new TiphysError('InvalidRequest', 'certData: has a certificate that cannot be read', {
      cause,
    });
  }
}

const ALGORITHMS: Readonly<Record<string, string>> = { '1': 'rsa', '17': 'dsa', '16': 'elg' };

/** Reads `--with-colons`. Errors: `InvalidRequest` for a private key, or none at all. */
export function parseListing(listing: string): readonly Omit<OpenPgpKey, 'armored'>[] {
  const keys: { keyId: string; fingerprint: string; owner: string; algorithm: string }[] = [];
  for (const line of listing.split('\n')) {
    const fields = line.split(':');
    const [kind = '', , bits = '', number = '', keyId = ''] = fields;
    if (kind === 'sec' || kind === 'ssb') throw refused('it is a private key');
    const last = keys.at(-1);
    if (kind === 'pub') {
      const curve = fields[16] ?? '';
      const algorithm = curve === '' ? `${ALGORITHMS[number] ?? 'unknown'}${bits}` : curve;
      keys.push({ keyId, fingerprint: '', owner: '', algorithm });
    } else if (kind === 'fpr' && last?.fingerprint === '') last.fingerprint = fields[9] ?? '';
    else if (kind === 'uid' && last?.owner === '') last.owner = unescape(fields[9] ?? '');
  }
  if (keys.length === 0 || keys.some(({ fingerprint }) => fingerprint === ''))
    throw refused('it holds no public key');
  return keys;
}

/** gpg writes colons and the like as `\x3a`. */
function unescape(text: string): string {
  return text.replaceAll(/\\x([0-9a-f]{2})/gi, (_all, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function refused(why: string): TiphysError {
  return new TiphysError('InvalidRequest', `keyData: ${why}`, {
    hint: 'Send what gpg --armor --export KEY prints.',
  });
}
