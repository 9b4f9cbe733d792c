import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { type ApiClient, apiClient } from '../language/api-client.ts';
import { signIn } from '../language/sign-in.ts';
import { startWorld, type World } from '../language/world.ts';
import { argocdSecret } from './manifests.ts';

const signal = AbortSignal.timeout(1_200_000);
const SOAK = process.env['TIPHYS_SOAK'] !== undefined;
/** Requests to each route: by somebody who may do everything, and by nobody. */
const RUNS = SOAK ? 150 : 8;
const SEED = Number(process.env['TIPHYS_SEED'] ?? Date.now() % 2 ** 31);
const CANARY = 'canary-5b1d77';
/** Long enough for an answer to begin; streams go on. */
const PATIENCE_MS = 5_000;

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: unknown;
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly body: string | undefined;
}

/** Names that are there, names that are not, and texts that break what is careless with them. */
const texts = (known: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(...known, '', 'default', 'argocd', 'true', '0', '-1', 'HEAD', '*', '..', '.'),
    fc.constantFrom('__proto__', 'constructor', 'a/../../b', '%00', '\u0000', "'; --", '{{x}}'),
    fc.constantFrom('9'.repeat(400), 'a'.repeat(5_000), '[', '(', '\\', '\ud800', '🙂', '$(id)'),
    fc.string({ unit: 'binary', maxLength: 40 }),
  );

const jsonTexts = (known: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    fc
      .dictionary(
        fc.oneof(fc.constantFrom(...FIELDS), fc.string({ maxLength: 10 })),
        fc.oneof(
          texts(known),
          fc.jsonValue({ maxDepth: 3 }),
          fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof(texts(known), fc.jsonValue())),
        ),
        { maxKeys: 6 },
      )
      .map((value) => JSON.stringify(value)),
    texts(known).map((value) => JSON.stringify(value)),
    fc.jsonValue().map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '',
      '{',
      '[[[[',
      'null',
      '{"a":1e999}',
      `${'['.repeat(2_000)}`,
      '{"a":"\\ud800"}',
    ),
    fc.constant(`${'{"a":'.repeat(500)}1${'}'.repeat(500)}`),
  );

const FIELDS = [
  ...[
    'metadata',
    'spec',
    'name',
    'namespace',
    'project',
    'patch',
    'patchType',
    'id',
    'url',
    'repo',
  ],
  ...[
    'source',
    'sources',
    'destination',
    'operation',
    'status',
    'revision',
    'resources',
    'syncPolicy',
  ],
  ...[
    'server',
    'config',
    'items',
    'keyData',
    'username',
    'password',
    'roles',
    'kind',
    'group',
    'labels',
  ],
  ...[
    'annotations',
    'finalizers',
    'manifests',
    'strategy',
    'expiresIn',
    'policies',
    'repoURL',
    'path',
  ],
];

describe('whatever is sent to the API', () => {
  let world: World;
  let api: ApiClient;
  let token: string;
  let operations: readonly {
    readonly path: string;
    readonly method: string;
    readonly of: Operation;
  }[];

  before(async () => {
    world = await startWorld({
      signal,
      operator: ['--api-port=0', '--api-proxy-extensions', '--log-level=debug'],
    });
    api = await apiClient(world, signal);
    token = await signIn(api, world);
    const secret = { 'a.yaml': secretOf(CANARY) };
    const labels = { 'argocd.argoproj.io/secret-type': 'repository' };
    await world.given(
      world.applied(argocdSecret(world.namespace, { 'webhook.github.secret': CANARY })),
      world.applied({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'hidden', namespace: world.namespace, labels },
        stringData: { url: 'https://git.example.invalid/x', username: 'u', password: CANARY },
      }),
      world.repository('hidden', secret),
      world
        .application('hidden', { repoURL: world.git.urlOf('hidden'), syncPolicy: true })
        .created(),
    );
    await world.thenEventually(world.object('secrets', 'a', world.name('hidden')).exists());
    const described = (await api.request('/swagger.json', { token })).json as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    };
    operations = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, of]) => ({ path, method: method.toUpperCase(), of })),
    );
    assert.ok(operations.length > 40, 'the description has the routes');
  });
  after(() => world[Symbol.asyncDispose]());

  /** The beginning of the answer is enough of a stream. */
  async function send({ method, path, body }: Sent, as: string | undefined) {
    const stop = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(`${api.url}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.any([signal, stop]),
      headers: {
        'content-type': 'application/json',
        ...(as !== undefined && { authorization: `Bearer ${as}` }),
      },
      ...(body !== undefined && method !== 'GET' && { body }),
    });
    let text = '';
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    const late = new Promise<undefined>((resolve) => {
      setTimeout(() => resolve(undefined), 300).unref();
    });
    for (;;) {
      const part = await Promise.race([reader?.read(), late]);
      if (part === undefined || part.done) break;
      text += part.value;
    }
    reader?.cancel().catch(() => {}); // what comes of it is not looked at
    return { status: response.status, text, requestId: response.headers.get('x-request-id') };
  }

  for (const who of ['somebody who may do everything', 'nobody'] as const)
    test(`is answered, by ${who}, without a defect and without a secret (seed ${SEED})`, async () => {
      const as = who === 'nobody' ? undefined : token;
      const known = [world.name('hidden'), world.namespace, 'a', 'Secret', 'v1', 'in-cluster'];
      const problems: string[] = [];
      for (const { path, method, of } of operations) {
        const query = (of.parameters ?? []).filter((one) => one.in === 'query');
        const arbitrary = fc.record({
          params: fc.array(texts(known), { minLength: 5, maxLength: 5 }),
          query: fc.subarray(query.map(({ name }) => name)),
          values: fc.array(texts(known), { minLength: 20, maxLength: 20 }),
          body: fc.option(jsonTexts(known), { nil: undefined }),
        });
        for (const made of fc.sample(arbitrary, { numRuns: RUNS, seed: SEED })) {
          let next = 0;
          const filled = path.replaceAll(/\{[^}]+\}/g, () => {
            next += 1;
            return encoded(made.params[next - 1] ?? 'x') || 'x';
          });
          const search = made.query.map(
            (name, index) => `${encoded(name)}=${encoded(made.values[index] ?? '')}`,
          );
          const url = search.length === 0 ? filled : `${filled}?${search.join('&')}`;
          const sent = { method, path: url, body: made.body };
          try {
            const { status, text, requestId } = await send(sent, as);
            if (text.includes(CANARY)) problems.push(`${show(sent)}: shows a secret: ${text}`);
            if (status === 500 && /"code":13\b/.test(text))
              problems.push(`${show(sent)}: a defect, request ${requestId}`);
          } catch (error) {
            problems.push(
              `${show(sent)}: ${String(error)} ${String((error as Error).cause ?? '')}`,
            );
          }
        }
      }
      assert.notEqual(world.operatorPid(), undefined, 'it still runs');
      const log = await world.operatorLog();
      const causes = log.split('\n').filter((line) => line.includes('a request failed'));
      assert.deepEqual(problems, [], causes.slice(0, 20).join('\n'));
      assert.equal(log.includes(CANARY), false, 'no secret in the log');
      assert.equal((await api.request('/api/version')).status, 200);
    });

  test(`is answered, by a webhook of any provider, without a defect and without a secret (seed ${SEED})`, async () => {
    const seen = new Map<number, number>();
    const samples = { numRuns: RUNS * 25, seed: SEED };
    for (const { headers, body } of fc.sample(webhooks(world.git.urlOf('hidden')), samples)) {
      const { status, text } = await api.request('/api/webhook', {
        ...{ method: 'POST', headers, body: JSON.parse(body) as unknown },
      });
      seen.set(status, (seen.get(status) ?? 0) + 1);
      assert.ok([200, 400, 401].includes(status), `${JSON.stringify(headers)} ${body}: ${status}`);
      assert.equal(text.includes(CANARY), false);
    }
    assert.ok((seen.get(200) ?? 0) > 0 && (seen.get(400) ?? 0) > 0, JSON.stringify([...seen]));
    assert.notEqual(world.operatorPid(), undefined, 'it still runs');
    assert.equal((await world.operatorLog()).includes(CANARY), false, 'no secret in the log');
  });
});

/** How each provider says who it is. */
const HOOKS: readonly Readonly<Record<string, string>>[] = [
  ...['push', 'ping', 'package', 'x'.repeat(500)].map((name) => ({ 'x-github-event': name })),
  ...[{ 'x-gogs-event': 'push' }, { 'x-gitlab-event': 'Push Hook' }, { 'x-hook-uuid': 'u' }],
  ...[{ 'x-event-key': 'repo:refs_changed' }, { 'x-vss-activityid': 'a' }, { authorization: 'a' }],
];

/** What any of them may send, with odd things in the place of some of it, signed as GitHub signs or not. */
function webhooks(url: string): fc.Arbitrary<{ headers: Record<string, string>; body: string }> {
  const branch = { type: 'branch', name: 'main' };
  const commits = [{ added: ['a.yaml'], modified: [], removed: ['b'] }];
  const links = { html: { href: url }, clone: [{ name: 'http', href: url }] };
  const repository = { html_url: url, default_branch: 'main', links, remoteUrl: url };
  const payload = {
    ...{ ref: 'refs/heads/main', repository, commits, object_kind: 'push', eventType: 'git.push' },
    project: { web_url: url, git_http_url: url, default_branch: 'main' },
    push: { changes: [{ new: branch, old: branch }] },
    changes: [{ ref: { id: 'refs/heads/main', displayId: 'main' } }],
    resource: { repository, refUpdates: [{ name: 'refs/heads/main' }], commits },
    ...{ action: 'published', package: { name: 'x', package_type: 'CONTAINER' } },
    ...{ type: 'PUSH_ARTIFACT', event_data: { resources: [{ resource_url: url, tag: '1' }] } },
  };
  const odd = fc.dictionary(
    fc.constantFrom(...Object.keys(payload)),
    fc.oneof(texts([url]), fc.jsonValue({ maxDepth: 4 })),
    { maxKeys: 4 },
  );
  return fc.record({ hook: fc.constantFrom(...HOOKS), odd, isSigned: fc.boolean() }).map((made) => {
    const body = JSON.stringify({ ...payload, ...made.odd });
    const signature = createHmac('sha256', CANARY).update(body).digest('hex');
    const signed = made.isSigned ? { 'x-hub-signature-256': `sha256=${signature}` } : {};
    return { headers: { ...made.hook, ...signed }, body };
  });
}

function encoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/^\.+$/, '%2E');
}

function show({ method, path, body }: Sent): string {
  return `${method} ${path.slice(0, 300)} ${body?.slice(0, 300) ?? ''}`;
}

function secretOf(value: string): string {
  return `apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {key: ${value}}\n`;
}
