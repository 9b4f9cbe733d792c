import type { Route } from '../route.ts';
import { accountRoutes } from './accounts.ts';
import { operationRoutes } from './application-operations.ts';
import { applicationWriteRoutes } from './application-writes.ts';
import { applicationLogRoutes } from './application-logs.ts';
import { applicationResourceRoutes } from './application-resources.ts';
import { applicationTreeRoutes } from './application-tree.ts';
import { applicationRoutes } from './applications.ts';
import { sessionRoutes } from './session.ts';
import { clusterRoutes } from './clusters.ts';
import { projectRoutes } from './projects.ts';
import { credentialRoutes, repositoryRoutes } from './repositories.ts';
import { versionRoutes } from './version.ts';
import { writeRepositoryRoutes } from './write-repositories.ts';

export interface RoutesOptions {
  readonly version: string;
}

/** Every route of the API. */
export function allRoutes({ version }: RoutesOptions): readonly Route[] {
  return [
    ...versionRoutes({ version }),
    ...sessionRoutes,
    ...accountRoutes,
    ...applicationRoutes,
    ...projectRoutes,
    ...repositoryRoutes,
    ...credentialRoutes,
    ...writeRepositoryRoutes,
    ...clusterRoutes,
    ...applicationWriteRoutes,
    ...applicationTreeRoutes,
    ...applicationResourceRoutes,
    ...applicationLogRoutes,
    ...operationRoutes,
  ];
}
