import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import type { WebhookSecrets } from '../core/webhook/secrets.ts';
import { readWebhook, type WebhookAnswer } from './webhook.ts';

const MAX_BYTES = 1_000_000;
const PUSH = JSON.stringify({
  ref: 'refs/heads/main',
  repository: { html_url: 'https://git.example/team/web', default_branch: 'main' },
});

describe('webhooks over HTTP', () => {
  let secrets: WebhookSecrets = {};
  let answer: WebhookAnswer | undefined;
  let url: string;
  const server = createServer((request, response) => {
    const { method = '', headers } = request;
    void readWebhook({ method, headers, body: request }, secrets, MAX_BYTES).then((given) => {
      answer = given;
      response.writeHead(given.status, { connection: 'close' }).end(given.message);
    });
  });
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/webhook`;
  });
  after(() => server.close());

  async function send(
    headers: Readonly<Record<string, string>>,
    body: string | ReadableStream = PUSH,
    method = 'POST',
  ): Promise<{ readonly status: number; readonly text: string }> {
    const init = { method, headers, ...(method === 'GET' ? {} : { body, duplex: 'half' }) };
    const response = await fetch(url, init as RequestInit);
    return { status: response.status, text: await response.text() };
  }
  const github = { 'x-github-event': 'push' };
  const hmac = (secret: string, body = PUSH) =>
    createHmac('sha256', secret).update(body).digest('hex');

  test('without a secret nothing is checked', async () => {
    secrets = {};
    assert.equal((await send(github)).status, 200);
    assert.equal(answer?.event?.type, 'push');
  });

  const project = { web_url: 'https://git.example/team/web', default_branch: 'main' };
  const gitlab = JSON.stringify({ object_kind: 'push', ref: 'refs/heads/main', project });
  const azure = JSON.stringify({ eventType: 'git.other' });
  const cloud = { 'x-event-key': 'repo:fork', 'x-hook-uuid': '{u}' };
  for (const [name, configured, headers, body, right, wrong] of [
    [
      'github',
      { github: 's' },
      github,
      PUSH,
      { 'x-hub-signature-256': `sha256=${hmac('s')}` },
      { 'x-hub-signature-256': `sha256=${hmac('t')}` },
    ],
    [
      'gogs',
      { gogs: 's' },
      { 'x-gogs-event': 'push' },
      PUSH,
      { 'x-gogs-signature': hmac('s') },
      { 'x-gogs-signature': hmac('t') },
    ],
    [
      'gitlab',
      { gitlab: 's' },
      { 'x-gitlab-event': 'Push Hook' },
      gitlab,
      { 'x-gitlab-token': 's' },
      { 'x-gitlab-token': 'ss' },
    ],
    ['bitbucket cloud', { bitbucketUuid: '{u}' }, cloud, '{}', {}, { 'x-hook-uuid': '{v}' }],
    [
      'bitbucket server',
      { bitbucketServer: 's' },
      { 'x-event-key': 'x' },
      '{}',
      { 'x-hub-signature': `sha256=${hmac('s', '{}')}` },
      { 'x-hub-signature': hmac('s', '{}') },
    ],
    [
      'azure',
      { azureUsername: 'u', azurePassword: 'p' },
      { 'x-vss-activityid': 'a' },
      azure,
      { authorization: `Basic ${btoa('u:p')}` },
      { authorization: `Basic ${btoa('u:q')}` },
    ],
    [
      'ghcr',
      { github: 's' },
      { 'x-github-event': 'package' },
      '{}',
      { 'x-hub-signature-256': `sha256=${hmac('s', '{}')}` },
      { 'x-hub-signature-256': '' },
    ],
    ['harbor', { harbor: 's' }, {}, '{"type":"x"}', { authorization: 's' }, { authorization: 'S' }],
  ] as const) {
    test(`${name} is believed with its secret only`, async () => {
      secrets = configured;
      assert.equal((await send({ ...headers, ...right }, body)).status, 200);
      const registry = name === 'ghcr' || name === 'harbor';
      assert.equal((await send({ ...headers, ...wrong }, body)).status, registry ? 401 : 400);
      assert.equal(answer?.event, undefined);
    });
  }

  test('bitbucket cloud has a server asked for the rest only where its UUID is known', async () => {
    const href = 'https://bitbucket.org/team/web';
    const hash = (letter: string) => ({ name: 'dev', target: { hash: letter.repeat(40) } });
    const body = JSON.stringify({
      repository: { links: { html: { href } } },
      push: { changes: [{ old: hash('a'), new: hash('b') }] },
    });
    const headers = { 'x-event-key': 'repo:push', 'x-hook-uuid': '{u}' };
    for (const [configured, unsaid] of [
      [{}, undefined],
      [{ bitbucketUuid: '{u}' }, { before: 'a'.repeat(40), after: 'b'.repeat(40) }],
    ] as const) {
      secrets = configured;
      assert.equal((await send(headers, body)).status, 200);
      const { event } = answer ?? assert.fail('no answer');
      assert.ok(event?.type === 'push');
      assert.deepEqual([event.unsaid, event.touchedHead, event.revision], [unsaid, true, 'dev']);
    }
  });

  test('harbor is never believed without a secret', async () => {
    secrets = {};
    assert.equal((await send({ authorization: '' }, '{"type":"x"}')).status, 401);
  });

  test('what nobody sends is answered', async () => {
    secrets = {};
    assert.deepEqual(await send({}), { status: 400, text: 'Unknown webhook event' });
    assert.deepEqual(await send({}, '', 'GET'), { status: 400, text: 'Unknown webhook event' });
    assert.equal((await send(github, '', 'GET')).status, 405);
    for (const body of ['', '{', 'null', '[]', '"x"', '{}', '{"ref":[],"repository":5}'])
      assert.equal((await send(github, body)).status, 400, body);
    assert.match(
      (await send(github, '{')).text,
      /^Webhook processing failed: payload must be valid JSON under 1 MB$/,
    );
    assert.equal((await send({ 'x-github-event': '__proto__' }, '{}')).status, 200);
  });

  test('a body without end is not read to its end', async () => {
    let pulled = 0;
    const endless = {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          pulled += 65_536;
          yield new Uint8Array(65_536);
        }
      },
    };
    const request = { method: 'POST', headers: github, body: endless };
    assert.equal((await readWebhook(request, {}, MAX_BYTES)).status, 400);
    assert.ok(pulled <= MAX_BYTES + 2 * 65_536);
  });
});
