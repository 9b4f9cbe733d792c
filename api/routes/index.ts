import type { Route } from '../route.ts';
import { accountRoutes } from './accounts.ts';
import { applicationRoutes } from './applications.ts';
import { sessionRoutes } from './session.ts';
import { clusterRoutes } from './clusters.ts';
import { projectRoutes } from './projects.ts';
import { credentialRoutes, repositoryRoutes } from './repositories.ts';
import { versionRoutes } from './version.ts';

export interface RoutesOptions {
  readonly version: string;
}

/** Every route of the API. */
<<<<<<< HEAD
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
=======
export function allRoutes({ version }: RoutesOptions): readonly Route[] {
  return [...versionRoutes({ version }), ...sessionRoutes, ...accountRoutes, ...applicationRoutes];
>>>>>>> 3e79097 (Accounts have routes: what they are, passwords, tokens for machines, and what one may do)
}
