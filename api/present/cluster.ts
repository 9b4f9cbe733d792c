import type { JsonObject } from '../../operator/index.ts';
import {
  type RegisteredCluster,
  type ShownCluster,
  shownConfig,
} from '../../operator/services/index.ts';
import { withoutEmpty } from './repository.ts';

const UNKNOWN = { status: '', message: '', attemptedAt: null };

/** A cluster without anything that proves who we are; the state stands in it twice, for old clients. */
export function presentCluster(cluster: RegisteredCluster | ShownCluster): JsonObject {
  const { server, name, config, shard, clusterResources, project } = cluster.record;
  const { namespaces, labels, annotations } = cluster.record;
  const info = 'info' in cluster ? cluster.info : undefined;
  const connectionState: JsonObject = { ...(info?.connection ?? UNKNOWN) };
  const serverVersion = info?.version ?? '';
  const { objects = 0, kinds = 0, listedAt = null } = info?.cache ?? {};
  const cacheInfo = {
    ...withoutEmpty({ resourcesCount: objects, apisCount: kinds }),
    ...(listedAt !== null && { lastCacheSyncTime: listedAt }),
  };
  return {
    server,
    name,
    config: shownConfig(config),
    connectionState,
    ...withoutEmpty({ serverVersion, shard, clusterResources, project }),
    ...(namespaces.length > 0 && { namespaces }),
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
    info: {
      connectionState,
      ...withoutEmpty({ serverVersion }),
      cacheInfo,
      applicationsCount: info?.applications ?? 0,
      ...(info !== undefined && info.apiVersions.length > 0 && { apiVersions: info.apiVersions }),
    },
  };
}
