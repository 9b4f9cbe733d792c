import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { resolveSchemathesis } from '../controlplane/schemathesis.ts';
import { progressToStderr as log } from '../controlplane/tool-cache.ts';
import { type ApiClient, apiClient, serverCertificate } from '../language/api-client.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';
import { configMap } from './manifests.ts';

// A part of `make soak`: schemathesis, which knows nothing of this project, reads what the API says of itself,
// and asks it everything that the description allows and much that it does not.

const signal = AbortSignal.timeout(1_200_000);
/** Seconds. */
const BUDGET = process.env['TIPHYS_FUZZ_SECONDS'] ?? '120';
const CANARY = 'canary-9c07f2';
/** What lasts: a stream has no end to wait for. */
const LEFT_OUT = '/stream/|logs$';
/** Codes of gRPC that are no answer but a defect. */
const DEFECTS = [13, 15];

interface Exchange {
  readonly request: { readonly method: string; readonly url: string };
  readonly response: {
    readonly status: number;
    readonly content: { readonly text?: string; readonly encoding?: string };
  };
}

describe('the API as it describes itself', () => {
  let world: World;
  let api: ApiClient;
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiphys-described-'));
    world = await startWorld({
      signal,
      operator: ['--api-port=0', '--api-gzip=false', '--api-proxy-extensions'],
    });
    api = await apiClient(world, signal);
    await world.given(
      world.repository('described', {
        'a.yaml': configMap('a', 'one'),
        'b.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: b}\nstringData: {key: ${CANARY}}\n`,
      }),
      world
        .application('described', { repoURL: world.git.urlOf('described'), syncPolicy: true })
        .created(),
    );
    await world.thenEventually(world.object('configmaps', 'a', world.name('described')).exists());
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  test('answers whatever schemathesis makes of its description, without a defect or a secret', async () => {
    const program = await resolveSchemathesis({ env: process.env, log, signal });
    const authority = join(folder, 'ca.pem');
    await writeFile(authority, await serverCertificate(world));
    const token = await signIn(api, world);
    const har = join(folder, 'exchanges.json');
    const args = [
      ...['run', `${api.url}/swagger.json`, '--url', api.url, '--tls-verify', authority],
      ...['--header', `Authorization: Bearer ${token}`, '--exclude-path-regex', LEFT_OUT],
      ...['--checks', 'ignored_auth,response_schema_conformance', '--continue-on-failure'],
      ...['--request-timeout', '20', '--max-time', BUDGET, '--no-color', '--workers', '2'],
      ...['--warnings', 'off', '--report', 'har', '--report-har-path', har],
    ];
    const child = spawn(program, args, { cwd: folder, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    const [said, complained] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    const { log: told } = JSON.parse(await readFile(har, 'utf8')) as {
      readonly log: { readonly entries: readonly Exchange[] };
    };
    const problems = told.entries.flatMap(({ request, response }) => {
      const { text: body = '', encoding } = response.content;
      const answer = encoding === 'base64' ? Buffer.from(body, 'base64').toString('utf8') : body;
      const isDefect = DEFECTS.some((code) => new RegExp(`"code":${code}\\b`).test(answer));
      if (!isDefect && !answer.includes(CANARY)) return [];
      return [`${request.method} ${request.url}: ${response.status} ${answer.slice(0, 500)}`];
    });
    assert.deepEqual(problems, []);
    assert.equal(child.exitCode, 0, `${said}\n${complained}`);
    assert.ok(told.entries.length > 500, `${told.entries.length} requests were made`);
    const operatorLog = await world.operatorLog();
    assert.equal(operatorLog.includes(CANARY), false, 'no secret in the log');
  });
});
