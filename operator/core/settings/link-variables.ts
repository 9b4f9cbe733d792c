import type { ClusterRecord } from '../cluster/cluster-record.ts';
import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

const MANAGED_BY_URL = 'argocd.argoproj.io/managed-by-url';

/** What links of an Application, and of its objects, can name. All of it must be fit to be shown. */
export interface LinkSubjects {
  readonly application: KubeObject;
  readonly project: KubeObject | undefined;
  /** Where the Application goes, as far as it is registered. */
  readonly cluster: ClusterRecord | undefined;
  /** Annotations of clusters that nobody may see. */
  readonly sensitiveAnnotations: readonly string[];
  /** The object that is looked at. */
  readonly resource?: KubeObject;
}

/** What templates and conditions can name. `application` is known as `app` too, which is not said here. */
export function linkVariables(subjects: LinkSubjects): JsonObject {
  const { project, cluster, resource, sensitiveAnnotations } = subjects;
  return {
    application: forLinks(subjects.application),
    ...(project !== undefined && { project: forLinks(project) }),
    ...(cluster !== undefined && { cluster: clusterForLinks(cluster, sensitiveAnnotations) }),
    ...(resource !== undefined && { resource: forLinks(resource) }),
    managedByURL: subjects.application.metadata.annotations?.[MANAGED_BY_URL] ?? '',
  };
}

/** Without the bookkeeping of the API server, which can be most of an object. */
export function forLinks(object: KubeObject): JsonObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata } as JsonObject;
}

/** Never its `config`, which holds credentials. */
function clusterForLinks(record: ClusterRecord, sensitive: readonly string[]): JsonObject {
  const { name, server, project, clusterResources, shard } = record;
  const annotations = Object.fromEntries(
    Object.entries(record.annotations).filter(([key]) => !sensitive.includes(key)),
  );
  const marks = { labels: { ...record.labels }, annotations };
  return {
    ...{ name, server, project, clusterResources, namespaces: [...record.namespaces] },
    ...marks,
    metadata: { name, ...marks },
    ...(shard !== undefined && { shard }),
  };
}
