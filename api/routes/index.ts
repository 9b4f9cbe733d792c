import type { Route } from '../route.ts';
import { accountRoutes } from './accounts.ts';
import { operationRoutes } from './application-operations.ts';
import { applicationSetRoutes } from './application-sets.ts';
import { applicationSourceRoutes } from './application-sources.ts';
import { applicationStreamRoutes } from './application-streams.ts';
import { applicationWriteRoutes } from './application-writes.ts';
import { applicationLogRoutes } from './application-logs.ts';
import { applicationResourceRoutes } from './application-resources.ts';
import { applicationTreeRoutes } from './application-tree.ts';
import { authRoutes } from './auth.ts';
import { applicationRoutes } from './applications.ts';
import { sessionRoutes } from './session.ts';
import { clusterRoutes } from './clusters.ts';
import { certificateRoutes, gpgKeyRoutes } from './keys.ts';
import { notificationRoutes } from './notifications.ts';
import { extensionRoutes } from './extensions.ts';
import { openApiRoutes } from './openapi.ts';
import { plainRoutes } from './plain.ts';
import { projectRoutes } from './projects.ts';
import { credentialRoutes, repositoryRoutes } from './repositories.ts';
import { settingsRoutes } from './settings.ts';
import { type VersionInfo, versionRoutes } from './version.ts';
import { writeRepositoryRoutes } from './write-repositories.ts';

export interface RoutesOptions extends VersionInfo {
  /** Whether the API describes itself to anybody. Default true. */
  readonly isDescribed?: boolean;
  /** Whether services behind the API are asked for clients. Default false. */
  readonly hasExtensions?: boolean;
}

/** Every route of the API. */
export function allRoutes({
  isDescribed = true,
  hasExtensions = false,
  ...info
}: RoutesOptions): readonly Route[] {
  const routes: readonly Route[] = [
    ...(isDescribed ? openApiRoutes(() => routes, info) : []),
    ...versionRoutes(info),
    ...settingsRoutes,
    ...plainRoutes,
    ...sessionRoutes,
    ...accountRoutes,
    ...authRoutes,
    ...applicationRoutes,
    ...projectRoutes,
    ...repositoryRoutes,
    ...credentialRoutes,
    ...writeRepositoryRoutes,
    ...clusterRoutes,
    ...certificateRoutes,
    ...gpgKeyRoutes,
    ...notificationRoutes,
    ...applicationWriteRoutes,
    ...applicationTreeRoutes,
    ...applicationResourceRoutes,
    ...applicationLogRoutes,
    ...operationRoutes,
    ...applicationStreamRoutes,
    ...applicationSourceRoutes,
    ...applicationSetRoutes,
    ...(hasExtensions ? extensionRoutes : []),
  ];
  return routes;
}
