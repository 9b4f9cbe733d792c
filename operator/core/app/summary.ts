import { isJsonArray, isJsonObject, type JsonValue } from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';
import type { ApplicationStatus } from './types.ts';

/** What a person wants to see at a glance; lists are sorted and without repetition. */
export type Summary = NonNullable<ApplicationStatus['summary']>;

/**
 * Images of running Pods, URLs of Ingresses and link annotations, and whether the application
 * deploys Applications. `tree` holds the application's live objects and everything they own.
 */
export function summarise(tree: Iterable<KubeObject>): Summary {
  const images = new Set<string>();
  const urls = new Set<string>();
  let isAppOfApps = false;
  for (const object of tree) {
    if (object.kind === 'Pod' && object.apiVersion === 'v1') addImages(object, images);
    if (object.kind === 'Ingress') for (const url of ingressUrls(object)) urls.add(url);
    if (object.kind === 'Application' && groupOf(object.apiVersion) === 'argoproj.io')
      isAppOfApps = true;
    for (const [name, value] of Object.entries(object.metadata.annotations ?? {}))
      if (name.startsWith('link.argocd.argoproj.io/')) urls.add(value);
  }
  return {
    ...(urls.size === 0 ? {} : { externalURLs: [...urls].sort() }),
    ...(images.size === 0 ? {} : { images: [...images].sort() }),
    ...(isAppOfApps ? { isAppOfApps } : {}),
  };
}

function addImages(pod: KubeObject, images: Set<string>): void {
  const spec = pod['spec'];
  if (!isJsonObject(spec)) return;
  for (const list of [spec['initContainers'], spec['containers']])
    for (const container of objectsIn(list))
      if (typeof container['image'] === 'string') images.add(container['image']);
}

function objectsIn(value: JsonValue | undefined) {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

/** Where an Ingress can be reached; none when it asks not to be shown. */
export function ingressUrls(ingress: KubeObject): string[] {
  if (ingress.metadata.annotations?.['argocd.argoproj.io/ignore-default-links'] === 'true')
    return [];
  const spec = ingress['spec'];
  if (!isJsonObject(spec)) return [];
  const secured = new Set(
    objectsIn(spec['tls']).flatMap((tls) => (isJsonArray(tls['hosts']) ? tls['hosts'] : [])),
  );
  return objectsIn(spec['rules']).flatMap((rule) => {
    const host = typeof rule['host'] === 'string' ? rule['host'] : balancerHost(ingress);
    if (host === undefined) return [];
    const http = rule['http'];
    const paths = isJsonObject(http) ? objectsIn(http['paths']) : [];
    const scheme = secured.has(host) ? 'https' : 'http';
    if (paths.length === 0) return [`${scheme}://${host}`];
    return paths.map((entry) => {
      const path = typeof entry['path'] === 'string' ? entry['path'].replace(/\*$/, '') : '';
      return `${scheme}://${host}${path === '/' ? '' : path}`;
    });
  });
}

function balancerHost(ingress: KubeObject): string | undefined {
  const status = ingress['status'];
  const balancer = isJsonObject(status) ? status['loadBalancer'] : undefined;
  const [first] = objectsIn(isJsonObject(balancer) ? balancer['ingress'] : undefined);
  const host = first?.['hostname'] ?? first?.['ip'];
  return typeof host === 'string' ? host : undefined;
}
