import { hasCode } from '../core/errors.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../core/objects/json.ts';
import type { ApiCatalogue, ApiResource } from '../ports/kube-client.ts';
import { mapLimit } from '../runtime/map-limit.ts';
import { createCatalogue } from './api-catalogue.ts';

/** GET of a path; rejects with `Kube…` errors. */
export type Fetch = (path: string, accept: string, signal: AbortSignal) => Promise<JsonValue>;

const AGGREGATED = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
  'application/json',
].join(',');

/** Two requests to an API server of 1.27 or newer, one for each group version to an older one. */
export async function discover(fetch: Fetch, signal: AbortSignal): Promise<ApiCatalogue> {
  const [core, groups] = await Promise.all([
    fetch('/api', AGGREGATED, signal),
    fetch('/apis', AGGREGATED, signal),
  ]);
  if (kindOf(core) === 'APIGroupDiscoveryList' && kindOf(groups) === 'APIGroupDiscoveryList') {
    return aggregatedCatalogue([...listOf(core, 'items'), ...listOf(groups, 'items')]);
  }
  return await legacyDiscovery(fetch, core, groups, signal);
}

function aggregatedCatalogue(groups: readonly JsonObject[]): ApiCatalogue {
  const resources: ApiResource[] = [];
  const incomplete = new Set<string>();
  const versions: string[] = [];
  for (const entry of groups) {
    const group = textOf(isJsonObject(entry['metadata']) ? entry['metadata']['name'] : '');
    for (const [index, version] of listOf(entry, 'versions').entries()) {
      const name = textOf(version['version']);
      versions.push(group === '' ? name : `${group}/${name}`);
      // The API server behind this version does not answer; what is listed is what it said before.
      if (version['freshness'] === 'Stale') incomplete.add(group);
      for (const resource of listOf(version, 'resources')) {
        const kind = resource['responseKind'];
        if (!isJsonObject(kind) || textOf(kind['kind']) === '') continue;
        resources.push({
          group,
          version: name,
          kind: textOf(kind['kind']),
          plural: textOf(resource['resource']),
          namespaced: resource['scope'] === 'Namespaced',
          verbs: textsOf(resource['verbs']),
          subresources: listOf(resource, 'subresources').map((sub) => textOf(sub['subresource'])),
          preferred: index === 0,
        });
      }
    }
  }
  return createCatalogue(resources, versions, incomplete);
}

async function legacyDiscovery(
  fetch: Fetch,
  core: JsonValue,
  groupList: JsonValue,
  signal: AbortSignal,
): Promise<ApiCatalogue> {
  const coreVersions = isJsonObject(core) ? textsOf(core['versions']) : [];
  const wanted = coreVersions.map((version, index) => ({
    group: '',
    version,
    path: `/api/${version}`,
    preferred: index === 0,
  }));
  for (const group of listOf(groupList, 'groups')) {
    const name = textOf(group['name']);
    const favourite = group['preferredVersion'];
    const preferred = isJsonObject(favourite) ? textOf(favourite['version']) : '';
    for (const entry of listOf(group, 'versions')) {
      const version = textOf(entry['version']);
      wanted.push({
        group: name,
        version,
        path: `/apis/${name}/${version}`,
        preferred: version === preferred,
      });
    }
  }
  const incomplete = new Set<string>();
  const answers = await mapLimit(
    wanted,
    10,
    async ({ path, group }, inner) => {
      try {
        return await fetch(path, 'application/json', inner);
      } catch (error) {
        // One aggregated API server that is down must not hide all the others.
        if (!hasCode(error, 'KubeUnreachable', 'KubeNotFound', 'KubeRejected', 'Timeout')) {
          throw error;
        }
        incomplete.add(group);
        return undefined;
      }
    },
    signal,
  );
  const resources = wanted.flatMap((where, index) => legacyResources(answers[index], where));
  const versions = wanted.map(({ group, version }) =>
    group === '' ? version : `${group}/${version}`,
  );
  return createCatalogue(resources, versions, incomplete);
}

function legacyResources(
  answer: JsonValue | undefined,
  where: { readonly group: string; readonly version: string; readonly preferred: boolean },
): ApiResource[] {
  const listed = listOf(answer, 'resources');
  const names = listed.map((resource) => textOf(resource['name']));
  return listed
    .filter((resource) => !textOf(resource['name']).includes('/'))
    .map((resource) => {
      const plural = textOf(resource['name']);
      return {
        group: where.group,
        version: where.version,
        kind: textOf(resource['kind']),
        plural,
        namespaced: resource['namespaced'] === true,
        verbs: textsOf(resource['verbs']),
        subresources: names
          .filter((name) => name.startsWith(`${plural}/`))
          .map((name) => name.slice(plural.length + 1)),
        preferred: where.preferred,
      };
    });
}

function kindOf(value: JsonValue): string {
  return isJsonObject(value) ? textOf(value['kind']) : '';
}

function listOf(value: JsonValue | undefined, key: string): readonly JsonObject[] {
  const list = isJsonObject(value) ? value[key] : undefined;
  return isJsonArray(list) ? list.filter(isJsonObject) : [];
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function textsOf(value: JsonValue | undefined): readonly string[] {
  return isJsonArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
