import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { hasCode } from '../core/errors.ts';
import type { WebhookSecrets } from '../core/webhook/secrets.ts';
import { createWebhookReader } from './receive-webhook.ts';
import type { WebhookAnswer } from './webhook.ts';
import { startWebhookServer, type WebhookServer } from './webhook-server.ts';

const repository = { html_url: 'https://git.example/team/web', default_branch: 'main' };
const project = { web_url: 'https://git.example/team/web', default_branch: 'main' };
const commits = [{ added: ['a'], modified: ['b/c.yaml'], removed: [] }];
const ref = 'refs/heads/main';

/** What each provider sends. */
const PAYLOADS: readonly [Readonly<Record<string, string>>, object][] = [
  [{ 'x-github-event': 'push' }, { ref, repository, commits }],
  [{ 'x-gogs-event': 'push' }, { ref, repository, commits }],
  [{ 'x-gitlab-event': 'Push Hook' }, { object_kind: 'push', ref, project, commits }],
  [
    { 'x-vss-activityid': 'a' },
    {
      eventType: 'git.push',
      resource: {
        repository: { remoteUrl: 'https://dev.example/o/_git/r', defaultBranch: ref },
        refUpdates: [{ name: ref }],
      },
    },
  ],
  [
    { 'x-hook-uuid': 'u', 'x-event-key': 'repo:push' },
    {
      repository: { links: { html: { href: 'https://bitbucket.example/t/r' } } },
      push: { changes: [{ new: { name: 'main' } }] },
    },
  ],
  [
    { 'x-event-key': 'repo:refs_changed' },
    {
      repository: { links: { clone: [{ name: 'http', href: 'https://bb.example/scm/t/r.git' }] } },
      changes: [{ ref: { id: ref } }],
    },
  ],
  [
    { 'x-github-event': 'package' },
    {
      action: 'published',
      package: {
        name: 'web',
        namespace: 'team',
        package_type: 'CONTAINER',
        package_version: { container_metadata: { tag: { name: '1.0.0' } } },
      },
    },
  ],
  [
    { authorization: 's' },
    {
      type: 'PUSH_ARTIFACT',
      event_data: { resources: [{ tag: '1', resource_url: 'h.example/t/r:1' }] },
    },
  ],
];

describe('the port for webhooks', () => {
  let server: WebhookServer;
  let url: string;
  let secrets: WebhookSecrets;
  let answers: WebhookAnswer[];
  const read = createWebhookReader({
    settings: () => ({ secrets, maxBytes: 100_000 }),
    maxHeldBytes: 150_000,
  });
  before(async () => {
    server = await startWebhookServer({
      host: '127.0.0.1',
      port: 0,
      async receive(request) {
        const answer = await read(request);
        answers.push(answer);
        return answer;
      },
    });
    url = `http://127.0.0.1:${server.port}/api/webhook`;
  });
  after(() => server[Symbol.asyncDispose]());
  beforeEach(() => {
    secrets = { harbor: 's' };
    answers = [];
  });
  // Whatever was sent, the next one is served.
  afterEach(async () => {
    const [headers, payload] = PAYLOADS[0] ?? assert.fail('no payload');
    secrets = {};
    assert.equal((await send(headers, JSON.stringify(payload))).status, 200);
  });

  async function send(
    headers: Readonly<Record<string, string>>,
    body: string | Uint8Array<ArrayBuffer>,
    method = 'POST',
  ) {
    const response = await fetch(url, { method, headers, ...(method === 'POST' && { body }) });
    return { status: response.status, text: await response.text() };
  }

  for (const [headers, payload] of PAYLOADS)
    test(`takes in what is sent with ${Object.keys(headers)[0]}: ${Object.values(headers)[0]}`, async () => {
      assert.equal((await send(headers, JSON.stringify(payload))).status, 200);
      assert.notEqual(answers[0]?.event, undefined);
    });

  test('any mutation of what is sent is answered, and harms nobody', async () => {
    const mutations = fc.tuple(
      fc.nat(PAYLOADS.length - 1),
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(255)), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.nat(3),
      fc.constantFrom(
        undefined,
        'x-github-event',
        'x-gitlab-event',
        'x-event-key',
        'authorization',
      ),
    );
    await fc.assert(
      fc.asyncProperty(mutations, async ([which, changes, way, header]) => {
        const [headers, payload] = PAYLOADS[which] ?? assert.fail('no payload');
        const body = mutated(Buffer.from(JSON.stringify(payload)), changes, way);
        const more = header === undefined ? {} : { [header]: 'x' };
        const { status } = await send({ ...headers, ...more }, new Uint8Array(body));
        assert.ok([200, 400, 401].includes(status), `answered with ${status}`);
      }),
      { numRuns: 600 },
    );
    assert.ok(new Set(answers.map(({ status }) => status)).size > 1, 'some were refused');
  });

  test('a signature that is wrong is refused, whatever its length', async () => {
    secrets = { github: 'right' };
    const [headers, payload] = PAYLOADS[0] ?? assert.fail('no payload');
    const body = JSON.stringify(payload);
    const signed = (secret: string) => createHmac('sha256', secret).update(body).digest('hex');
    for (const signature of [
      '',
      'sha256=',
      signed('right'),
      `sha256=${signed('wrong')}`,
      'x'.repeat(9_000),
    ])
      assert.equal(
        (await send({ ...headers, 'x-hub-signature-256': signature }, body)).status,
        400,
      );
    const right = { ...headers, 'x-hub-signature-256': `sha256=${signed('right')}` };
    assert.equal((await send(right, body)).status, 200);
    assert.equal((await send(right, `${body} `)).status, 400, 'of another body');
  });

  test('a body that is too long is refused, and is not read to its end', async () => {
    const [headers] = PAYLOADS[0] ?? assert.fail('no payload');
    const long = Buffer.alloc(120_000, 'x');
    assert.match((await send(headers, long)).text, /valid JSON under 0 MB|under/);
    assert.equal(answers[0]?.status, 400);
  });

  test('bodies that come at once share one bound: what is above it is told to come again', async () => {
    const [headers] = PAYLOADS[0] ?? assert.fail('no payload');
    const held = await hold(server.port, 90_000);
    const other = await hold(server.port, 50_000);
    await eventually(async () => (await send(headers, Buffer.alloc(50_000, ' '))).status === 503);
    held.destroy();
    other.destroy();
    await eventually(async () => (await send(headers, Buffer.alloc(50_000, ' '))).status === 400);
  });

  test('there is nothing else, and only POST', async () => {
    const elsewhere = await fetch(`http://127.0.0.1:${server.port}/metrics`);
    assert.equal(elsewhere.status, 404);
    assert.equal((await send({ 'x-github-event': 'push' }, '', 'GET')).status, 405);
    assert.deepEqual(await send({}, '{}'), { status: 400, text: 'Unknown webhook event\n' });
  });

  test('a port that is taken is named, and disposing ends who waits', async () => {
    const taken = startWebhookServer({ host: '127.0.0.1', port: server.port, receive: read });
    await assert.rejects(
      taken,
      (error) => hasCode(error, 'InvalidConfig') && /webhook port/.test(error.message),
    );
    const other = await startWebhookServer({ host: '127.0.0.1', port: 0, receive: read });
    const waiting = await hold(other.port, 10);
    const closed = new Promise((resolve) => waiting.once('close', resolve));
    await other[Symbol.asyncDispose]();
    await closed;
  });
});

/** Bytes changed, the middle cut out, the end cut off, or a part twice. */
function mutated(
  body: Buffer,
  changes: readonly (readonly [number, number])[],
  way: number,
): Buffer {
  const copy = Buffer.from(body);
  const at = (part: number) => Math.min(copy.length - 1, Math.floor(part * copy.length));
  const first = at(changes[0]?.[0] ?? 0);
  if (way === 1) return copy.subarray(0, first);
  if (way === 2) return Buffer.concat([copy.subarray(0, first), copy.subarray(first + 7)]);
  if (way === 3) return Buffer.concat([copy, copy.subarray(first)]);
  for (const [part, byte] of changes) copy[at(part)] = byte;
  return copy;
}

/** A sender that sends so much of its body and then nothing more. */
async function hold(port: number, bytes: number) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}); // it is cut off, by us or by the server
  await once(socket, 'connect');
  const head = `POST /api/webhook HTTP/1.1\r\nhost: x\r\nx-github-event: push\r\ncontent-length: 99999\r\n\r\n`;
  socket.write(head + ' '.repeat(bytes));
  return socket;
}

async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 20_000;
  while (!(await isSo())) assert.ok(Date.now() < until, 'not within 20 s');
}
