import { TiphysError } from '../../operator/index.ts';
import { type Method, type Route, route } from '../route.ts';

const WORDS = 'Credentials to push rendered manifests with; not in this version';

const PATHS: readonly (readonly [Method, string])[] = [
  ['get', '/api/v1/write-repositories'],
  ['post', '/api/v1/write-repositories'],
  ['get', '/api/v1/write-repositories/{repo}'],
  ['put', '/api/v1/write-repositories/{repo}'],
  ['delete', '/api/v1/write-repositories/{repo}'],
  ['post', '/api/v1/write-repositories/{repo}/validate'],
  ['get', '/api/v1/write-repocreds'],
  ['post', '/api/v1/write-repocreds'],
  ['put', '/api/v1/write-repocreds/{url}'],
  ['delete', '/api/v1/write-repocreds/{url}'],
];

/** Tiphys does not push: whoever signed in is told so, as by a server of the incumbent without its hydrator. */
export const writeRepositoryRoutes: readonly Route[] = PATHS.map(([method, path]) =>
  route({
    method,
    path,
    summary: WORDS,
    access: { type: 'signed-in' },
    plusIsBlank: true,
    answer() {
      throw new TiphysError('NotImplemented', 'hydrator is disabled', {
        hint: 'Tiphys does not push rendered manifests.',
      });
    },
  }),
);
