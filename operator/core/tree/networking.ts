import { ingressUrls } from '../app/summary.ts';
import type { JsonObject } from '../objects/json.ts';
import { isJsonArray } from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';
import { linkOf } from './links.ts';
import { itemsOf, partOf, textOf, textsOf } from './parts.ts';
import type { TreeRef } from './resource-tree.ts';

/** How traffic finds its way to or through an object. */
export interface Networking {
  /** Of the Pods that it sends to. */
  readonly targetLabels?: Readonly<Record<string, string>>;
  /** What it sends to, by name. */
  readonly targetRefs?: readonly TreeRef[];
  /** Of a Pod. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Addresses of load balancers. */
  readonly ingress?: readonly JsonObject[];
  readonly externalURLs?: readonly string[];
}

/** `undefined` when there is nothing to tell. */
export function networkingOf(object: KubeObject): Networking | undefined {
  const found = ofKind(object);
  const urls = [...new Set([...(found.externalURLs ?? []), ...linksIn(object)])].toSorted();
  const { externalURLs: _own, ...rest } = found;
  const networking = { ...rest, ...(urls.length > 0 && { externalURLs: urls }) };
  return Object.keys(networking).length === 0 ? undefined : networking;
}

function ofKind(object: KubeObject): Networking {
  const kind = `${groupOf(object.apiVersion)}/${object.kind}`;
  switch (kind) {
    case '/Pod': {
      const { labels = {} } = object.metadata;
      return Object.keys(labels).length > 0 ? { labels } : {};
    }
    case '/Service':
      return ofService(object);
    case 'networking.k8s.io/Ingress':
    case 'extensions/Ingress':
      return ofIngress(object);
    case 'gateway.networking.k8s.io/HTTPRoute':
    case 'gateway.networking.k8s.io/GRPCRoute':
      return ofRoute(object);
    case 'networking.istio.io/VirtualService':
      return ofVirtualService(object);
    default:
      return {};
  }
}

function balancersOf({ status }: KubeObject): Networking {
  const ingress = itemsOf(partOf(status, 'loadBalancer'), 'ingress');
  return ingress.length === 0 ? {} : { ingress };
}

function ofService(service: KubeObject): Networking {
  const targetLabels = textsOf(service['spec'], 'selector');
  return { ...(targetLabels !== undefined && { targetLabels }), ...balancersOf(service) };
}

function ofIngress(ingress: KubeObject): Networking {
  const { spec } = ingress;
  const backends = [
    partOf(spec, 'defaultBackend'),
    partOf(spec, 'backend'),
    ...itemsOf(spec, 'rules').flatMap((rule) =>
      itemsOf(partOf(rule, 'http'), 'paths').map((path) => partOf(path, 'backend')),
    ),
  ];
  const names = backends.map(
    (backend) => textOf(partOf(backend, 'service'), 'name') || textOf(backend, 'serviceName'),
  );
  return {
    ...targets(names.map((name) => service(name, ingress.metadata.namespace ?? ''))),
    ...balancersOf(ingress),
    externalURLs: ingressUrls(ingress),
  };
}

/** Of the Gateway API. */
function ofRoute(route: KubeObject): Networking {
  const { namespace = '' } = route.metadata;
  const backends = itemsOf(route['spec'], 'rules').flatMap((rule) => itemsOf(rule, 'backendRefs'));
  const services = backends
    .filter((backend) => ['', 'Service'].includes(textOf(backend, 'kind')))
    .map((backend) => service(textOf(backend, 'name'), textOf(backend, 'namespace') || namespace));
  const hostnames = partListOfTexts(route['spec'], 'hostnames');
  return {
    ...targets(services),
    externalURLs: hostnames.filter((host) => !host.includes('*')).map((host) => `https://${host}`),
  };
}

/** Hosts are names of Services: bare, with their namespace, or whole. */
function ofVirtualService(object: KubeObject): Networking {
  const { namespace = '' } = object.metadata;
  const routes = ['http', 'tls', 'tcp'].flatMap((name) => itemsOf(object['spec'], name));
  const hosts = routes
    .flatMap((route) => itemsOf(route, 'route'))
    .map((route) => textOf(partOf(route, 'destination'), 'host'));
  const services = hosts.map((host) => {
    const [name = '', inNamespace = namespace] = host.split('.');
    return service(name, inNamespace);
  });
  return targets(services);
}

const service = (name: string, namespace: string): TreeRef => ({
  kind: 'Service',
  ...(namespace !== '' && { namespace }),
  name,
});

function targets(refs: readonly TreeRef[]): Networking {
  const named = refs.filter(({ name }) => name !== '');
  const unique = new Map(named.map((ref) => [`${ref.namespace ?? ''}/${ref.name}`, ref]));
  return unique.size === 0 ? {} : { targetRefs: [...unique.values()] };
}

function partListOfTexts(value: KubeObject[string], name: string): readonly string[] {
  const member = partOf({ at: value ?? null }, 'at')[name];
  return isJsonArray(member) ? member.filter((item) => typeof item === 'string') : [];
}

const LINK_PREFIX = 'link.argocd.argoproj.io/';

function linksIn({ metadata }: KubeObject): readonly string[] {
  return Object.entries(metadata.annotations ?? {}).flatMap(([name, value]) =>
    name.startsWith(LINK_PREFIX) && linkOf(value) !== undefined ? [value] : [],
  );
}
