import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import { compileGlob } from '../../core/glob.ts';
import { type ObjectTexts, textsOf } from '../../core/objects/object-texts.ts';
import type { KeyReader } from '../../ports/key-reader.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { decodeBase64 } from '../own-objects.ts';
import { editConfigMap } from './config-map.ts';

/** What proves a server to us: its ssh key, or the authorities that may sign for it. Nothing of it is secret. */
export interface ServerCertificate {
  readonly server: string;
  readonly type: 'ssh' | 'https';
  /** `ssh-ed25519`, `rsa`. */
  readonly subType: string;
  /** Fingerprint, or subject. */
  readonly info: string;
}

/** Which of them; what is empty or `*` leaves nothing out. */
export interface CertificateFilter {
  /** A glob. */
  readonly server: string;
  readonly type: string;
  readonly subType: string;
}

export interface SentCertificate {
  readonly server: string;
  readonly type: string;
  readonly subType: string;
  /** Base64: of PEM, or of the key as it stands in `known_hosts`. */
  readonly data: string;
}

const TLS = 'argocd-tls-certs-cm';
const SSH = 'argocd-ssh-known-hosts-cm';
const KNOWN_HOSTS = 'ssh_known_hosts';

/** Errors: `PermissionDenied`. */
export function listCertificates(
  { ports }: ControlPlane,
  requester: Requester,
  filter: CertificateFilter,
): readonly ServerCertificate[] {
  enforce(requester, asked('get'), ports.access);
  const hosts = linesOf(textsOf(ports.config.configMap(SSH))).flatMap((line) => line.entry ?? []);
  const found = [
    ...hosts.map((entry) => shown(entry, ports.keyReader)),
    ...[...textsOf(ports.config.configMap(TLS))].flatMap(([server, pem]) =>
      authoritiesOf(server, pem, ports.keyReader),
    ),
  ];
  return found
    .filter(matching(filter))
    .sort((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1));
}

/**
 * Adds what proves servers to us. Resolves with what was added or changed. Errors: `PermissionDenied`,
 * `InvalidRequest` when one cannot be read, or is there with other data and `upsert` is not set.
 */
export async function createCertificates(
  controlPlane: ControlPlane,
  requester: Requester,
  { items, upsert }: { readonly items: readonly SentCertificate[]; readonly upsert: boolean },
  signal: AbortSignal,
): Promise<readonly ServerCertificate[]> {
  const { keyReader, access } = controlPlane.ports;
  enforce(requester, asked('create'), access);
  const read = items.map((item) => readSent(item, keyReader));
  const what = { reason: 'ResourceUpdated', what: 'created certificates' } as const;
  const refuse = (server: string): never => {
    throw new TiphysError('InvalidRequest', `certificate of ${server}: another one exists`, {
      hint: 'Send upsert=true to replace it.',
    });
  };
  const created = new Set<ServerCertificate>();
  const pems = read.flatMap((one) => (one.type === 'https' ? [one] : []));
  if (pems.length > 0)
    await editConfigMap(
      controlPlane,
      requester,
      TLS,
      what,
      (texts) => {
        const edits: Record<string, string> = {};
        for (const { server, pem, certificate } of pems) {
          const existing = texts.get(server);
          if (existing?.trim() === pem.trim()) continue;
          if (existing !== undefined && !upsert) refuse(server);
          edits[server] = pem;
          created.add(certificate);
        }
        return edits;
      },
      signal,
    );
  const keys = read.flatMap((one) => (one.type === 'ssh' ? [one] : []));
  if (keys.length > 0)
    await editConfigMap(
      controlPlane,
      requester,
      SSH,
      what,
      (texts) => {
        let lines = linesOf(texts);
        const before = created.size;
        for (const { entry, certificate } of keys) {
          const existing = lines.find(({ entry: there }) => isSameKey(there, entry));
          if (existing?.entry?.data === entry.data) continue;
          if (existing !== undefined && !upsert) refuse(entry.server);
          lines = [...lines.filter((line) => line !== existing), lineOf(entry)];
          created.add(certificate);
        }
        return created.size === before ? {} : { [KNOWN_HOSTS]: textOf(lines) };
      },
      signal,
    );
  return [...created];
}

/** Removes them, and resolves with what was removed. Errors: `PermissionDenied`; `InvalidRequest` without a host. */
export async function deleteCertificates(
  controlPlane: ControlPlane,
  requester: Requester,
  filter: CertificateFilter,
  signal: AbortSignal,
): Promise<readonly ServerCertificate[]> {
  const { keyReader, access } = controlPlane.ports;
  enforce(requester, asked('delete'), access);
  if (filter.server === '')
    throw new TiphysError('InvalidRequest', 'hostNamePattern: is missing; * is every host');
  const isMeant = matching(filter);
  const removed: ServerCertificate[] = [];
  const what = { reason: 'ResourceUpdated', what: 'deleted certificates' } as const;
  await editConfigMap(
    controlPlane,
    requester,
    TLS,
    what,
    (texts) => {
      const edits: Record<string, undefined> = {};
      for (const [server, pem] of texts) {
        const [first] = authoritiesOf(server, pem, keyReader).filter(isMeant);
        if (first === undefined) continue;
        edits[server] = undefined;
        removed.push(first);
      }
      return edits;
    },
    signal,
  );
  await editConfigMap(
    controlPlane,
    requester,
    SSH,
    what,
    (texts) => {
      const lines = linesOf(texts);
      const isGone = ({ entry }: KnownHostLine) =>
        entry !== undefined && isMeant(shown(entry, keyReader));
      const gone = lines.filter(isGone);
      removed.push(...gone.flatMap(({ entry }) => (entry ? [shown(entry, keyReader)] : [])));
      const kept = lines.filter((line) => !isGone(line));
      return gone.length === 0 ? {} : { [KNOWN_HOSTS]: textOf(kept) };
    },
    signal,
  );
  return removed;
}

const asked = (action: string) => ({ resource: 'certificates', action, object: '' });

function nameOf({ server, type, subType }: ServerCertificate): string {
  return `${server}\n${type}\n${subType}`;
}

function matching({ server, type, subType }: CertificateFilter) {
  const isHost = server === '' || server === '*' ? () => true : compileGlob(server);
  const isAny = (wanted: string, value: string) =>
    wanted === '' || wanted === '*' || wanted === value;
  return (one: ServerCertificate): boolean =>
    isHost(one.server) && isAny(type, one.type) && isAny(subType, one.subType);
}

function authoritiesOf(
  server: string,
  pem: string,
  reader: KeyReader,
): readonly ServerCertificate[] {
  try {
    return reader.certificates(pem).map(({ subject, algorithm }) => ({
      server,
      type: 'https',
      subType: algorithm,
      info: subject,
    }));
  } catch {
    return [{ server, type: 'https', subType: '', info: 'cannot be read' }];
  }
}

interface KnownHost {
  readonly server: string;
  readonly subType: string;
  /** Base64. */
  readonly data: string;
}

interface KnownHostLine {
  readonly text: string;
  /** Absent for comments, and for lines that we do not write. */
  readonly entry: KnownHost | undefined;
}

function linesOf(texts: ObjectTexts): readonly KnownHostLine[] {
  const text = (texts.get(KNOWN_HOSTS) ?? '').trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => ({ text: line, entry: readLine(line) }));
}

function readLine(line: string): KnownHost | undefined {
  const [server = '', subType = '', data = ''] = line.trim().split(/\s+/);
  if (server.startsWith('#') || server.startsWith('@') || data === '') return undefined;
  return { server, subType, data };
}

function lineOf(entry: KnownHost): KnownHostLine {
  return { text: `${entry.server} ${entry.subType} ${entry.data}`, entry };
}

function textOf(lines: readonly KnownHostLine[]): string {
  return lines.map(({ text }) => `${text}\n`).join('');
}

function isSameKey(left: KnownHost | undefined, right: KnownHost): boolean {
  return left?.server === right.server && left.subType === right.subType;
}

function shown({ server, subType, data }: KnownHost, reader: KeyReader): ServerCertificate {
  return { server, type: 'ssh', subType, info: reader.sshFingerprint(data) };
}

type ReadCertificate =
  | { readonly type: 'ssh'; readonly entry: KnownHost; readonly certificate: ServerCertificate }
  | {
      readonly type: 'https';
      readonly server: string;
      readonly pem: string;
      readonly certificate: ServerCertificate;
    };

function readSent(
  { server, type, subType, data }: SentCertificate,
  reader: KeyReader,
): ReadCertificate {
  const text = decodeBase64(data).trim();
  const refuse = (what: string): never => {
    throw new TiphysError('InvalidRequest', `certificate of ${server.slice(0, 100)}: ${what}`);
  };
  if (type === 'https') {
    if (!/^[\w.-]{1,253}$/.test(server)) refuse('serverName is no host');
    const [first] = reader.certificates(text);
    const { subject: info = '', algorithm = '' } = first ?? {};
    const certificate = { server, type, subType: algorithm, info } as const;
    return { type, server, pem: `${text}\n`, certificate };
  }
  if (type !== 'ssh') refuse('certType is neither ssh nor https');
  if (!/^(\[[\w.:-]+\]:\d{1,5}|[\w.:-]+)$/.test(server)) refuse('serverName is no host');
  if (!/^[a-z0-9@.-]+$/.test(subType)) refuse('certSubType is no type of key');
  const entry = { server, subType, data: text };
  if (!/^[A-Za-z0-9+/]+=*$/.test(text) || !nameInKey(text).includes(subType))
    refuse(`certData is no ${subType} key as it stands in known_hosts`);
  return { type: 'ssh', entry, certificate: shown(entry, reader) };
}

/** A key begins with the length and the name of its type. */
function nameInKey(base64: string): string {
  return atob(base64.slice(0, 60 - (60 % 4)).padEnd(4, '=')).slice(4);
}
