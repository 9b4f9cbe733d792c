import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { hasCode } from '../core/errors.ts';
import { ANONYMOUS, type Credential, type RepositoryAccess } from '../core/repository/access.ts';
import { systemClock } from '../runtime/clock.ts';
import { createBitbucketPushes } from './bitbucket-pushes.ts';

const signal = AbortSignal.timeout(120_000);
const [BEFORE, AFTER] = ['a'.repeat(40), 'b'.repeat(40)];
const DIFF = `/2.0/repositories/team/web/diffstat/${AFTER}..${BEFORE}?topic=false`;
const REPOSITORY = '/2.0/repositories/team/web';
const CANARY = 'canary-of-the-token';

describe('the API of Bitbucket Cloud', () => {
  const asked: { readonly url: string; readonly authorization: string | undefined }[] = [];
  type Answered = readonly [number, unknown];
  let answers: Readonly<Record<string, Answered | 'silence'>> = {};
  const server = createServer((request, response) => {
    const { url = '', headers } = request;
    asked.push({ url, authorization: headers.authorization });
    const answer = answers[url] ?? [404, { type: 'error', error: { message: 'not found' } }];
    if (answer === 'silence') return;
    const [status, body] = answer;
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  let host: string;
  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });
  beforeEach(() => {
    asked.length = 0;
    answers = {
      [REPOSITORY]: [200, { mainbranch: { type: 'branch', name: 'main' } }],
      [DIFF]: [200, { values: [changed('a.yaml')] }],
    };
  });
  const changed = (path: string) => ({ status: 'modified', old: { path }, new: { path } });

  const withCredential = (credential: Credential): RepositoryAccess => ({
    ...ANONYMOUS,
    credential,
  });
  const TOKEN = withCredential({ type: 'bearer', token: CANARY });

  async function details({
    access = () => TOKEN,
    repoUrl = `${host}/team/web.git`,
    projects = ['p'],
    range = { before: BEFORE, after: AFTER },
    timeoutMs = 60_000,
    stop = signal,
  }: {
    readonly access?: (url: string, project: string) => RepositoryAccess;
    readonly repoUrl?: string;
    readonly projects?: readonly string[];
    readonly range?: { readonly before: string; readonly after: string };
    readonly timeoutMs?: number;
    readonly stop?: AbortSignal;
  } = {}) {
    const askAboutPush = createBitbucketPushes({
      clock: systemClock,
      apiUrl: `${host}/2.0/`,
      access,
      authorities: () => undefined,
      proxies: {},
      timeoutMs,
    });
    const readers = projects.map((project) => ({ repoUrl, project }));
    return await askAboutPush(readers, range, stop);
  }

  test('says the main branch and the files of all pages, of renamed ones both names', async () => {
    const renamed = { status: 'renamed', old: { path: 'x/old' }, new: { path: 'y/new' } };
    answers = {
      ...answers,
      [DIFF]: [200, { values: [changed('a')], next: 'https://evil.example/?page=2&c=d' }],
      [`${DIFF}&page=2&c=d`]: [200, { values: [renamed, changed('a')] }],
    };
    assert.deepEqual(await details(), {
      mainBranch: 'main',
      changedFiles: ['a', 'x/old', 'y/new'],
    });
    assert.deepEqual(
      asked.map(({ url }) => url),
      [REPOSITORY, DIFF, `${DIFF}&page=2&c=d`],
    );
  });

  for (const [name, range] of [
    ['new', { before: '', after: AFTER }],
    ['gone', { before: BEFORE, after: '' }],
  ] as const)
    test(`a branch that is ${name} is compared with nothing`, async () => {
      assert.deepEqual(await details({ range }), { mainBranch: 'main', changedFiles: [] });
      assert.equal(asked.length, 1);
    });

  for (const [name, credential, authorization] of [
    ['a token', { type: 'bearer', token: 't' }, 'Bearer t'],
    [
      'a user and a password',
      { type: 'basic', username: 'u', password: 'p' },
      `Basic ${btoa('u:p')}`,
    ],
    [
      'a token as git takes it',
      { type: 'basic', username: 'x-token-auth', password: 't' },
      'Bearer t',
    ],
    ['a key', { type: 'ssh', privateKey: 'k' }, undefined],
    ['nothing', { type: 'none' }, undefined],
  ] as const)
    test(`is told who we are by ${name}`, async () => {
      await details({ access: () => withCredential(credential) });
      assert.deepEqual(new Set(asked.map((one) => one.authorization)), new Set([authorization]));
    });

  test('what is registered for all goes before what a project has', async () => {
    const access = (_: string, project: string): RepositoryAccess => ({
      ...withCredential({ type: 'bearer', token: project }),
      scope: project === 'own' ? 'own' : '',
    });
    await details({ access, projects: ['own', 'any'] });
    assert.equal(asked[0]?.authorization, 'Bearer any');
  });

  test('who clones with a key is let in by what is registered for the address with https', async () => {
    const urls: string[] = [];
    const access = (url: string): RepositoryAccess => {
      urls.push(url);
      return url.startsWith('https:') ? TOKEN : withCredential({ type: 'ssh', privateKey: 'k' });
    };
    await details({ access, repoUrl: 'git@127.0.0.1:team/web.git' });
    assert.deepEqual(urls, ['git@127.0.0.1:team/web.git', 'https://127.0.0.1/team/web']);
    assert.equal(asked[0]?.authorization, `Bearer ${CANARY}`);
  });

  test('is not asked, and shown no credential, for a repository of somebody else', async () => {
    const access = () => assert.fail('no credential is looked up');
    assert.equal(await details({ access, repoUrl: 'https://git.example/team/web' }), undefined);
    assert.deepEqual(asked, []);
  });

  for (const [name, code, changes, message] of [
    [
      'refuses',
      'GitAuthFailed',
      { [REPOSITORY]: [401, { error: { message: 'no' } }] },
      /HTTP 401: no$/,
    ],
    ['knows no such commit', 'GitAuthFailed', { [DIFF]: [404, {}] }, /HTTP 404/],
    ['is ill', 'GitUnreachable', { [DIFF]: [500, 'oops'] }, /HTTP 500/],
    ['leads elsewhere', 'GitUnreachable', { [REPOSITORY]: [301, {}] }, /HTTP 301/],
    ['says something else', 'GitUnreachable', { [DIFF]: [200, {}] }, /no diffstat/],
    ['says what is no JSON', 'GitUnreachable', { [DIFF]: [200, '<html>'] }, /no diffstat/],
    ['says too much', 'GitUnreachable', { [DIFF]: [200, 'x'.repeat(4_100_000)] }, /too large/],
    ['never ends', 'GitUnreachable', endless(), /more than 20 pages/],
  ] as const)
    test(`an API that ${name} is an error without secrets`, async () => {
      answers = { ...answers, ...(changes as typeof answers) };
      await assert.rejects(details(), (error) => {
        assert.ok(hasCode(error, code), String(error));
        assert.match(error.message, message);
        assert.ok(!JSON.stringify([error.message, error.hint, error.stack]).includes(CANARY));
        return true;
      });
      assert.ok(asked.length <= 22);
    });

  test('an API that does not answer is given up, and one time is for all questions', async () => {
    answers = { ...answers, [DIFF]: 'silence' };
    const slow = details({ timeoutMs: 300 });
    await assert.rejects(slow, (error) => hasCode(error, 'GitUnreachable'));
    const stop = new AbortController();
    const ended = details({ stop: stop.signal });
    const reason = new Error('shutdown');
    stop.abort(reason);
    await assert.rejects(ended, (error) => error === reason);
  });

  function endless(): typeof answers {
    const page = [200, { values: [changed('a')], next: '?page=1' }] as const;
    return { [DIFF]: page, [`${DIFF}&page=1`]: page };
  }
});
