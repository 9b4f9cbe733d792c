import type { Requester } from '../../core/access/requester.ts';
import type { Application } from '../../core/app/types.ts';
import type { ClusterEntry } from '../../ports/clusters.ts';

/** Names in lower case. */
export type SentHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * What a service is told: what the client sent, but for what signs it in and what is about its connection; the headers
 * that the settings add; and who asks for which Application, whatever the client says of that.
 */
export function extensionHeaders(
  sent: SentHeaders,
  added: readonly { readonly name: string; readonly value: string }[],
  about: {
    readonly app: Application;
    readonly cluster: ClusterEntry;
    readonly requester: Requester;
  },
): Readonly<Record<string, string | readonly string[]>> {
  const headers: Record<string, string | readonly string[]> = {};
  const dropped = new Set([...DROPPED, ...namedBy(sent['connection'])]);
  for (const [name, value] of Object.entries(sent))
    if (value !== undefined && !dropped.has(name) && !OURS.test(name)) headers[name] = value;
  for (const { name, value } of added) if (!OURS.test(name)) headers[name] = value;
  const { app, cluster, requester } = about;
  const { name, namespace } = app.metadata;
  const told = {
    'argocd-application-name': `${namespace}:${name}`,
    'argocd-project-name': app.spec.project,
    'argocd-target-cluster-name': cluster.name,
    'argocd-target-cluster-url': cluster.server,
    'argocd-username': requester.username,
    'argocd-user-groups': (requester.caller?.groups ?? []).filter(isPlain).join(','),
  };
  for (const [header, value] of Object.entries(told)) headers[header] = printable(value);
  return headers;
}

/** How somebody signs in here, and what is about one connection of two. */
const DROPPED = [
  ...['cookie', 'authorization', 'proxy-authorization', 'grpc-metadata-token', 'token'],
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'host', 'expect', 'accept-encoding', 'content-length'],
];

/** The answers of a service that are passed on. */
export function answerHeaders(
  headers: Readonly<Record<string, string | readonly string[]>>,
): Readonly<Record<string, string | readonly string[]>> {
  const dropped = new Set([...DROPPED, ...UNWELCOME, ...namedBy(headers['connection'])]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));
}

/** A service sets no cookies of ours, and does not loosen what holds for our address. */
const UNWELCOME = [
  ...['set-cookie', 'strict-transport-security', 'clear-site-data', 'service-worker-allowed'],
  ...['content-security-policy', 'x-frame-options', 'access-control-allow-origin'],
  ...['access-control-allow-credentials', 'access-control-allow-headers', 'alt-svc'],
];

/** Said by us only, under every name that begins so. */
const OURS = /^argocd-/;

/** A header that names others makes them its own, and so unfit for passing on. */
function namedBy(connection: string | readonly string[] | undefined): readonly string[] {
  return [connection ?? []]
    .flat()
    .flatMap((one) => one.split(',').map((name) => name.trim().toLowerCase()));
}

/** A comma in the name of a group would make two of one. */
function isPlain(group: string): boolean {
  return group !== '' && !group.includes(',') && group === printable(group);
}

function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').trim();
}
