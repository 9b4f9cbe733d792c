import type { TokenCookies } from '../http/token-cookies.ts';
import type { Route } from '../route.ts';
import { applicationRoutes } from './applications.ts';
import { sessionRoutes } from './session.ts';
import { clusterRoutes } from './clusters.ts';
import { projectRoutes } from './projects.ts';
import { credentialRoutes, repositoryRoutes } from './repositories.ts';
import { versionRoutes } from './version.ts';

export interface RoutesOptions {
  readonly version: string;
  readonly tokenCookies: TokenCookies;
}

/** Every route of the API. */
export function allRoutes({ version, tokenCookies }: RoutesOptions): readonly Route[] {
  return [
    ...versionRoutes({ version }),
    ...sessionRoutes({ tokenCookies }),
    ...applicationRoutes,
    ...projectRoutes,
    ...repositoryRoutes,
    ...credentialRoutes,
    ...clusterRoutes,
  ];
}
