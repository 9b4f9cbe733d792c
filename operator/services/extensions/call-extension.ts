import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import { readExtensions, serviceFor, type Extension } from '../../core/settings/extensions.ts';
import { resolveText } from '../../core/settings/secret-references.ts';
import { findDestination } from '../../engine/admit.ts';
import type { ExtensionAnswer } from '../../ports/extension-backends.ts';
import { type ApplicationName, findApplication } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { extensionHeaders, type SentHeaders } from './extension-headers.ts';

/** What somebody asks of an extension, for one of their Applications. */
export interface ExtensionCall {
  readonly name: string;
  /** With its project, which must be told. */
  readonly app: ApplicationName;
  readonly method: string;
  /** What stands behind the name of the extension, as it was sent, with the query; begins with a slash, or is empty. */
  readonly path: string;
  readonly headers: SentHeaders;
  readonly body?: AsyncIterable<Uint8Array>;
}

const CONFIG = 'extension.config';
const MAX_BODY_BYTES = 16 * 2 ** 20;

/**
 * Asks the service of an extension in the name of whoever may see the Application and has `extensions, invoke`. It
 * is told who asks, and nothing by which they sign in.
 *
 * Errors: as `findApplication`; `PermissionDenied`; `NotFound` when there is no such extension;
 * `InvalidRequest` for a path that climbs; `NotPossibleNow` when no service is for the cluster of the Application;
 * `LimitExceeded` when more than 16 MiB are sent; `RequestFailed` when the service does not answer.
 */
export async function callExtension(
  controlPlane: ControlPlane,
  requester: Requester,
  call: ExtensionCall,
  signal: AbortSignal,
): Promise<ExtensionAnswer> {
  const { ports } = controlPlane;
  const { name, method, body } = call;
  const found = await findApplication(controlPlane, requester, call.app, { action: 'get' }, signal);
  const asked = { resource: 'extensions', action: 'invoke', object: name };
  enforce(requester, asked, ports.access);
  const extension = configured(controlPlane, name);
  const destination = findDestination(found.app, ports.clusters.entries);
  if (destination.type === 'unknown')
    throw new TiphysError('NotPossibleNow', `extension ${name}: ${destination.message}`);
  const { entry } = destination;
  const service = serviceFor(extension, entry);
  if (service === undefined)
    throw new TiphysError('NotPossibleNow', `extension ${name}: is not for cluster ${entry.name}`, {
      hint: `Name the cluster in a service of the extension, in ${CONFIG} of argocd-cm.`,
    });
  const own = service.headers.map((header) => ({
    name: header.name,
    value: resolveText(header.value, (secret, key) =>
      textsOf(ports.config.secret(secret)).get(key),
    ),
  }));
  const headers = extensionHeaders(call.headers, own, {
    ...{ app: found.app, cluster: entry, requester },
  });
  const request = {
    ...{ method, headers, url: within(service.url, call.path) },
    ...(body !== undefined && { body: bounded(body, name) }),
    connection: extension.connection,
  };
  const startedMs = ports.clock.monotonic();
  const count = (status: string): void => {
    const seconds = (ports.clock.monotonic() - startedMs) / 1000;
    ports.metrics.count('argocd_proxy_extension_request_total', { extension: name, status });
    const labels = { extension: name };
    ports.metrics.observe('argocd_proxy_extension_request_duration_seconds', labels, seconds);
  };
  try {
    const answer = await ports.extensions.request(request, signal);
    count(String(answer.status));
    return answer;
  } catch (error) {
    count('failed');
    throw error;
  }
}

/** As `argocd-cm` says now. Errors: `NotFound`, with what is wrong with it when something is. */
function configured({ ports }: ControlPlane, name: string): Extension {
  const texts = textsOf(ports.config.configMap('argocd-cm'));
  const list = texts.get(CONFIG);
  const single = [...texts].flatMap(([key, text]) =>
    key.startsWith(`${CONFIG}.`)
      ? [[key.slice(CONFIG.length + 1), ports.readYaml(text)] as const]
      : [],
  );
  const read = readExtensions(
    list === undefined ? undefined : ports.readYaml(list),
    new Map(single),
  );
  const found = read.extensions.get(name);
  if (found !== undefined) return found;
  const hint =
    read.problems.length === 0
      ? `Extensions are named by ${CONFIG} of argocd-cm.`
      : `Correct argocd-cm: ${read.problems.join('; ')}.`;
  throw new TiphysError('NotFound', `extension ${name}: is not configured`, { hint });
}

/** Below the address of the service, whatever stands in the path. */
function within(base: string, path: string): string {
  const [before, query = ''] = splitOnce(path, '?');
  let plain = before;
  try {
    plain = decodeURIComponent(before);
  } catch {
    throw new TiphysError('InvalidRequest', 'path: is not escaped rightly');
  }
  if (plain.split(/[/\\]/).some((part) => part === '..' || part === '.'))
    throw new TiphysError('InvalidRequest', 'path: must not have the segments . and ..');
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${before}`;
  url.search = query;
  url.hash = '';
  return url.href;
}

function splitOnce(text: string, mark: string): readonly [string, string?] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

async function* bounded(body: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new TiphysError('LimitExceeded', `extension ${name}: the body is longer than 16 MiB`);
    yield chunk;
  }
}
