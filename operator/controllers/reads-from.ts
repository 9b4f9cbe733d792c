import { isJsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { normaliseRepoUrl } from '../core/repo-url.ts';

/** Whether any source of an application names this repository. */
export function readsFrom(app: KubeObject, url: string): boolean {
  const spec = app['spec'];
  if (!isJsonObject(spec)) return false;
  const sources = [spec['source'], ...(Array.isArray(spec['sources']) ? spec['sources'] : [])];
  const hydrator = spec['sourceHydrator'];
  if (isJsonObject(hydrator)) sources.push(hydrator['drySource'], hydrator['syncSource']);
  return sources.some((source) => isJsonObject(source) && sameRepo(source['repoURL'], url));
}

/** Whether it is the dry source of an application. */
export function readsDrySource(app: KubeObject, url: string): boolean {
  const spec = app['spec'];
  const hydrator = isJsonObject(spec) ? spec['sourceHydrator'] : undefined;
  const dry = isJsonObject(hydrator) ? hydrator['drySource'] : undefined;
  return isJsonObject(dry) && sameRepo(dry['repoURL'], url);
}

export function sameRepo(value: unknown, url: string): boolean {
  return (
    typeof value === 'string' &&
    (value === url || normaliseRepoUrl(value) === normaliseRepoUrl(url))
  );
}
