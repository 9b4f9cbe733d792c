import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { allRoutes, type Route } from '../../api/index.ts';
import { type ApiAnswer, type ApiClient, apiClient } from '../language/api-client.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(300_000);

/** Where a thing that is not there is told before rights are asked, as in Argo CD. */
const MISSING_FIRST = [
  '/api/v1/projects/{project}/roles/{role}/token',
  '/api/v1/applicationsets/{name}',
];

/** Routes whose rule no line of a policy can say are tried by tests of their own. */
describe('every route of the API', () => {
  let world: World;
  let api: ApiClient;
  /** Of a role that may see its project, and nothing else. */
  let token: string;

  before(async () => {
    world = await startWorld({ signal, operator: ['--api-port=0'] });
    api = await apiClient(world, signal);
    const admin = await signIn(api, world);
    const project = { metadata: { name: 'alone' }, spec: { roles: [{ name: 'dev' }] } };
    const send = (path: string, body: object) =>
      api.request(`/api/v1/projects${path}`, { method: 'POST', token: admin, body });
    assert.equal((await send('', { project })).status, 200);
    const made = await send('/alone/roles/dev/token', {});
    token = (made.json as { token: string }).token;
  });
  after(() => world[Symbol.asyncDispose]());

  /** A request that is complete enough to be asked for rights. */
  function ask({ method, path, body }: Route, by?: string): Promise<ApiAnswer> {
    const url = 'https://nobody.example/x';
    const named = path
      .replace('{iat}', '1')
      .replace('{keyID}', '0123456789ABCDEF')
      .replaceAll(
        /\{(repo|repo\.repo|source\.repoURL|url|creds\.url|id\.value)\}/g,
        encodeURIComponent(url),
      )
      .replaceAll(/\{[^}]*\}/g, 'nobody');
    const spec = { project: 'nobody', destination: {}, source: { repoURL: url } };
    const object = { metadata: { name: 'nobody' }, spec };
    const fields = {
      ...{
        repo: url,
        url,
        server: url,
        project: path.includes('/projects') ? object : 'nobody',
        source: { repoURL: url },
      },
      ...{ ...object, appName: 'nobody', appProject: 'nobody', name: 'nobody', patch: '{}' },
    };
    const search = '?resourceName=x&version=v1&kind=Pod&hostNamePattern=x&keyID=0123456789ABCDEF';
    return api.request(`${named}${method === 'all' ? '' : search}`, {
      method: method === 'all' ? 'POST' : method.toUpperCase(),
      ...(by !== undefined && { token: by }),
      ...(body?.type === 'fields' && { body: fields }),
      ...(body?.type === 'text' && { body: path.endsWith('/validate') ? url : '{}' }),
      ...(body?.type === 'any' && { body: path.endsWith('/spec') ? spec : object }),
    });
  }

  for (const route of allRoutes({ version: '' })) {
    const { access, method, path } = route;
    test(`${method} ${path}: ${access.type}`, async () => {
      const stranger = await ask(route);
      if (access.type === 'public')
        assert.ok(!stranger.text.includes('no session information'), stranger.text);
      else assert.equal(stranger.status, 401, stranger.text);
      assert.notEqual(stranger.status, 500, stranger.text);
      if (path.includes('/stream/') && access.type === 'filtered') return; // it would not end
      const known = await ask(route, token);
      const told = `${known.status} ${known.text.slice(0, 300)}`;
      switch (access.type) {
        case 'needs':
          if (known.status === 404 && MISSING_FIRST.includes(path)) return;
          assert.equal(known.status, 403, told);
          return;
        case 'filtered': {
          assert.equal(known.status, 200, told);
          const { items } = (known.json ?? {}) as {
            items?: readonly { metadata?: { name?: string } }[];
          };
          const others = (items ?? []).filter(({ metadata }) => metadata?.name !== 'alone');
          assert.deepEqual(others, [], told);
          return;
        }
        case 'signed-in':
          assert.ok(![401, 403].includes(known.status), told);
          return;
        case 'own-rule':
        case 'public':
          assert.ok(known.status < 500 || known.status === 501, told);
      }
    });
  }
});
