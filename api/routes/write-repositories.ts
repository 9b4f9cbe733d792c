import { TiphysError } from '../../operator/index.ts';
import type { Route, RouteAccess } from '../route.ts';
import { credentialRoutes, repositoryRoutes } from './repositories.ts';

/** What of the routes for reading there is for writing, too. */
const PATHS: ReadonlySet<string> = new Set([
  '/api/v1/repositories',
  '/api/v1/repositories/{repo}',
  '/api/v1/repositories/{repo.repo}',
  '/api/v1/repositories/{repo}/validate',
  '/api/v1/repocreds',
  '/api/v1/repocreds/{creds.url}',
  '/api/v1/repocreds/{url}',
]);

/** Registrations with which hydrated manifests are pushed: as those for reading, and a resource of their own in policies. */
export const writeRepositoryRoutes: readonly Route[] = [...repositoryRoutes, ...credentialRoutes]
  .filter(({ path }) => PATHS.has(path))
  .map(forWriting);

function forWriting(base: Route): Route {
  return {
    ...base,
    path: base.path.replace('/api/v1/repo', '/api/v1/write-repo'),
    summary: `For pushing: ${base.summary}`,
    access: accessOf(base.access),
    async answer(raw, controlPlane) {
      if (!controlPlane.settings.hydrates)
        throw new TiphysError('NotImplemented', 'hydrator is disabled', {
          hint: 'Start Tiphys with --hydrator.',
        });
      return await base.answer(raw, { ...controlPlane, registered: 'for-writing' });
    },
  };
}

/** Nobody has a right to what is switched off, so the check of every route does not fit. */
function accessOf(access: RouteAccess): RouteAccess {
  const action = 'action' in access ? access.action : '';
  return {
    type: 'own-rule',
    rule: `\`write-repositories, ${action}\`; nobody without \`--hydrator\``,
  };
}
