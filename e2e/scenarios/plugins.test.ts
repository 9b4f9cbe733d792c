import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CmpServer, pluginYaml, startCmpServer } from '../controlplane/cmp-server.ts';
import { apiClient } from '../language/api-client.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const CANARY = 'canary-that-must-not-be-seen';

/** Prints a ConfigMap of everything that the plugin was told and found. */
const DESCRIBE = `cat <<END
apiVersion: v1
kind: ConfigMap
metadata: { name: described }
data:
  app: "$ARGOCD_APP_NAME"
  namespace: "$ARGOCD_APP_NAMESPACE"
  colour: "$ARGOCD_ENV_COLOUR"
  size: "$PARAM_SIZE"
  file: "$(cat value.txt)"
END`;

describe('config management plugins', () => {
  let world: World;
  let dir: string;
  let socketDir: string;
  const servers: CmpServer[] = [];
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-plugins-'));
    socketDir = join(dir, 'sockets');
    const localDir = join(dir, 'local');
    await mkdir(localDir);
    const discover = '  discover: { fileName: here.txt }\n';
    await writeFile(join(localDir, 'here.yaml'), pluginYaml('here', DESCRIBE, discover));
    const flags = [`--plugin-socket-dir=${socketDir}`, `--plugin-dir=${localDir}`, '--api-port=0'];
    world = await startWorld({ signal, operator: flags });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    for (const server of servers) await server[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  async function serve(name: string, script: string, more = ''): Promise<CmpServer> {
    const config = pluginYaml(name, script, more);
    const server = await startCmpServer({ name, config, socketDir }, signal);
    servers.push(server);
    return server;
  }

  test('a sidecar that is named renders with variables and parameters, and follows a new commit', async () => {
    await world.given(world.repository('named', { 'app/value.txt': 'one' }));
    const plugin = {
      name: 'describes',
      env: [{ name: 'COLOUR', value: 'blue-$ARGOCD_APP_NAMESPACE' }],
      parameters: [{ name: 'size', string: 'large' }],
    };
    const app = world.application('named', {
      repoURL: world.git.urlOf('named'),
      path: 'app',
      source: { plugin },
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(
      app.hasCondition(
        'ComparisonError',
        /CMP processing failed for application "[^"]+": could not find cmp-server plugin with name "describes"/,
      ),
    );
    await serve('describes', DESCRIBE);
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(), app.isHealthy(), app.hasNoConditions());
    const described = world.object('configmaps', 'described', app.name);
    await world.thenEventually(
      described.has('data.app', app.name),
      described.has('data.namespace', app.name),
      described.has('data.colour', `blue-${app.name}`),
      described.has('data.size', 'large'),
      described.has('data.file', 'one'),
    );
    const commit = await world.git.commit('named', { files: { 'app/value.txt': 'two' } });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(commit), described.has('data.file', 'two'));
  });

  test('a sidecar tells whoever edits an Application what may be set', async () => {
    const more = `  parameters:
    static:
      - { name: size, title: How large, required: true, string: medium }
      - { name: tags, collectionType: array, array: [a, b] }
`;
    await serve('announces', DESCRIBE, `${more}  discover: { fileName: announced.txt }\n`);
    await world.given(
      world.repository('announced', { 'app/value.txt': 'one', 'app/announced.txt': '' }),
    );
    const api = await apiClient(world, signal);
    const token = await signIn(api, world);
    const repo = encodeURIComponent(world.git.urlOf('announced'));
    const path = `/api/v1/repositories/${repo}/appdetails`;
    const size = { name: 'size', title: 'How large', required: true, string: 'medium' };
    const tags = { name: 'tags', collectionType: 'array', array: ['a', 'b'] };
    for (const plugin of [{ name: 'announces' }, undefined]) {
      const body = { source: { path: 'app', plugin }, appProject: 'default' };
      const { status, json, text } = await api.request(path, { method: 'POST', token, body });
      assert.equal(status, 200, text);
      assert.deepEqual(json, { type: 'Plugin', plugin: { parametersAnnouncement: [size, tags] } });
    }
  });

  test('a folder that names nothing goes to the plugin that recognises it, in a sidecar or here', async () => {
    await serve('finds', DESCRIBE, '  discover: { find: { glob: "**/there.txt" } }\n');
    await world.given(
      world.repository('found', {
        'sidecar/value.txt': 'sidecar',
        'sidecar/deep/there.txt': '',
        'local/value.txt': 'local',
        'local/here.txt': '',
        'plain/a.yaml': configMap('plain', '1'),
      }),
    );
    const [sidecar, local, plain] = ['sidecar', 'local', 'plain'].map((path) =>
      world.application(path, { repoURL: world.git.urlOf('found'), path, syncPolicy: true }),
    ) as [App, App, App];
    await world.when(sidecar.created(), local.created(), plain.created());
    for (const app of [sidecar, local, plain]) {
      await world.thenEventually(app.isSynced(), app.isHealthy());
    }
    const file = (app: App) => world.object('configmaps', 'described', app.name);
    await world.thenEventually(
      file(sidecar).has('data.file', 'sidecar'),
      file(local).has('data.file', 'local'),
      world.object('configmaps', 'plain', plain.name).exists(),
    );
  });

  test('one that fails deletes nothing, says what to do, and shows nothing that it printed', async () => {
    const script = `test -e broken && { echo "${CANARY}" >&2; echo "${CANARY}"; exit 9; }; ${DESCRIBE}`;
    const server = await serve('fails', script);
    await world.given(world.repository('fails', { 'value.txt': 'one' }));
    const app = world.application('fails', {
      repoURL: world.git.urlOf('fails'),
      source: { plugin: { name: 'fails' } },
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.isHealthy());
    await world.git.commit('fails', { files: { broken: '' } });
    await world.when(app.refreshed());
    await world.thenEventually(
      app.hasCondition('ComparisonError', /plugin fails: generate: exited with code 9/),
      world.object('configmaps', 'described', app.name).exists(),
    );
    const seen = JSON.stringify(await app.read(signal)) + (await world.operatorLog());
    if (seen.includes(CANARY)) throw new Error('what the plugin printed was shown');
    if (!server.log().includes(CANARY)) throw new Error('the log of the sidecar lacks it');
    const commit = await world.git.commit('fails', {
      files: { 'value.txt': 'two' },
      remove: ['broken'],
    });
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(commit), app.hasNoConditions());
  });
});

type App = ReturnType<World['application']>;
