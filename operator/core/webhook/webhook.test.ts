import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Application, ApplicationSpec } from '../app/types.ts';
import type { JsonValue } from '../objects/json.ts';
import {
  affectedBy,
  generatePaths,
  covers,
  isSameRepository,
  matchesRevision,
} from './affected.ts';
import { parseEvent, type Provider, providerOf, type WebhookEvent } from './event.ts';

const PAGE = 'https://git.example/team/web';
const repository = { html_url: PAGE, default_branch: 'main' };
const commits = [
  { added: ['a/new.yaml'], modified: ['a/x.yaml'], removed: [] },
  { added: [], modified: ['a/x.yaml'], removed: ['b/old.yaml', 7] },
];
const FILES = ['a/new.yaml', 'a/x.yaml', 'b/old.yaml'];

const push = (changes: Partial<Extract<WebhookEvent, { type: 'push' }>> = {}): WebhookEvent => ({
  type: 'push',
  urls: [PAGE],
  revision: 'main',
  touchedHead: true,
  changedFiles: [],
  ...changes,
});

const PAYLOADS: readonly (readonly [Provider, string, JsonValue, WebhookEvent | string])[] = [
  [
    'github',
    'push',
    { ref: 'refs/heads/main', repository, commits },
    push({ changedFiles: FILES }),
  ],
  [
    'gogs',
    'push',
    { ref: 'refs/heads/feature/a', repository, commits: [] },
    push({ revision: 'feature/a', touchedHead: false }),
  ],
  [
    'github',
    'push',
    { ref: 'refs/tags/v1.0.0', repository },
    push({ revision: 'v1.0.0', touchedHead: false }),
  ],
  ...(
    [
      [{ forced: true }, []],
      [{ created: true }, []],
      [{ before: '0'.repeat(40) }, []],
      [{ total_commits: 3 }, []],
      [{ total_commits: 2, forced: false, created: false, before: 'a'.repeat(40) }, FILES],
    ] as const
  ).map(
    ([told, changedFiles]) =>
      [
        'gogs',
        'push',
        { ref: 'refs/heads/main', repository, commits, ...told },
        push({ changedFiles }),
      ] as const,
  ),
  ['github', 'ping', { zen: 'x' }, 'ignored'],
  ['github', 'push', { ref: 'refs/heads/main' }, 'malformed'],
  ['github', 'push', { repository }, 'malformed'],
  [
    'gitlab',
    'Push Hook',
    {
      object_kind: 'push',
      ref: 'refs/heads/main',
      project: { web_url: PAGE, default_branch: 'main' },
      commits,
    },
    push({ changedFiles: FILES }),
  ],
  [
    'gitlab',
    'Push Hook',
    {
      ...{ object_kind: 'push', ref: 'refs/heads/main', commits, total_commits_count: 21 },
      project: { web_url: PAGE, default_branch: 'main' },
    },
    push(),
  ],
  [
    'gitlab',
    'System Hook',
    {
      event_name: 'tag_push',
      ref: 'refs/tags/v2',
      project: { web_url: PAGE, default_branch: 'main' },
    },
    push({ revision: 'v2', touchedHead: false }),
  ],
  ['gitlab', 'System Hook', { event_name: 'user_create' }, 'ignored'],
  [
    'bitbucket-cloud',
    'repo:push',
    {
      repository: { links: { html: { href: PAGE } } },
      push: { changes: [{ new: { name: 'dev' } }, { new: { name: 'other' } }] },
    },
    push({ revision: 'dev', unsaid: { before: '', after: '' } }),
  ],
  [
    'bitbucket-cloud',
    'repo:push',
    {
      repository: { links: { html: { href: PAGE } } },
      push: {
        changes: [
          {
            old: { name: 'dev', target: { hash: 'a'.repeat(40) } },
            new: { name: 'dev', target: { hash: 'b'.repeat(64) } },
          },
        ],
      },
    },
    push({ revision: 'dev', unsaid: { before: 'a'.repeat(40), after: 'b'.repeat(64) } }),
  ],
  [
    'bitbucket-cloud',
    'repo:push',
    {
      repository: { links: { html: { href: PAGE } } },
      push: {
        changes: [
          {
            old: { target: { hash: `${'a'.repeat(40)}/../x` } },
            new: { name: 'dev', target: { hash: 'b'.repeat(12) } },
          },
        ],
      },
    },
    push({ revision: 'dev', unsaid: { before: '', after: '' } }),
  ],
  [
    'bitbucket-cloud',
    'repo:push',
    {
      repository: { links: { html: { href: PAGE } } },
      push: { changes: [{ new: null, old: { name: 'gone' } }] },
    },
    push({ revision: 'gone', unsaid: { before: '', after: '' } }),
  ],
  [
    'bitbucket-server',
    'repo:refs_changed',
    {
      repository: {
        links: {
          clone: [
            { name: 'ssh', href: 'ssh://git@git.example:7999/team/web.git' },
            { name: 'http', href: 'https://git.example/scm/team/web.git' },
            { name: 'other', href: 'x' },
          ],
        },
      },
      changes: [{ ref: { id: 'refs/heads/main' } }],
    },
    push({
      urls: ['ssh://git@git.example:7999/team/web.git', 'https://git.example/scm/team/web.git'],
    }),
  ],
  ['bitbucket-server', 'diagnostics:ping', { test: true }, 'ignored'],
  [
    'azure-devops',
    '',
    {
      eventType: 'git.push',
      resource: {
        refUpdates: [{ name: 'refs/heads/main' }],
        repository: { remoteUrl: PAGE, defaultBranch: 'refs/heads/main' },
      },
    },
    push(),
  ],
  ['azure-devops', '', { eventType: 'git.pullrequest.created' }, 'ignored'],
  [
    'ghcr',
    'package',
    {
      action: 'published',
      package: {
        name: 'charts/Web',
        namespace: 'Team',
        package_type: 'CONTAINER',
        package_version: { container_metadata: { tag: { name: '1.2.3' } } },
      },
    },
    { type: 'artifact', repository: 'ghcr.io/team/charts/web', tag: '1.2.3' },
  ],
  ['ghcr', 'package', { action: 'updated', package: { package_type: 'container' } }, 'ignored'],
  [
    'harbor',
    '',
    {
      type: 'PUSH_ARTIFACT',
      event_data: {
        resources: [
          { resource_url: 'h.example/p/web@sha256:aa', tag: '' },
          { resource_url: 'H.example:8443/p/web:1.2.3', tag: '1.2.3' },
        ],
      },
    },
    { type: 'artifact', repository: 'h.example:8443/p/web', tag: '1.2.3' },
  ],
  ['harbor', '', { type: 'DELETE_ARTIFACT' }, 'ignored'],
];

describe('what a webhook says', () => {
  for (const [provider, name, payload, expected] of PAYLOADS) {
    const shown = typeof expected === 'string' ? expected : JSON.stringify(expected);
    test(`${provider} ${name}: ${shown}`, () => {
      const event = parseEvent(provider, name, payload);
      if (typeof expected === 'string') assert.equal(event.type, expected);
      else assert.deepEqual(event, expected);
    });
  }

  test('is read from anything without failing, and from any mutation of what is sent', () => {
    const anything = fc.jsonValue() as fc.Arbitrary<JsonValue>;
    fc.assert(
      fc.property(
        fc.constantFrom(...PAYLOADS),
        fc.array(fc.nat(40), { maxLength: 6 }),
        anything,
        ([provider, name, payload], way, value) => {
          const event = parseEvent(provider, name, mutate(payload, way, value));
          if (event.type !== 'push') return;
          assert.ok(event.urls.every((url) => typeof url === 'string' && url !== ''));
          assert.ok(typeof event.revision === 'string' && event.revision !== '');
          assert.ok(event.changedFiles.every((file) => typeof file === 'string'));
          affectedBy(application({ source: { repoURL: PAGE } }), event);
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('the sender is told by the first header that counts', () => {
    for (const [headers, provider] of [
      [{ 'x-vss-activityid': 'a', 'x-github-event': 'push' }, 'azure-devops'],
      [{ 'x-gogs-event': 'push', 'x-github-event': 'push' }, 'gogs'],
      [{ 'x-github-event': 'push' }, 'github'],
      [{ 'x-github-event': 'package' }, 'ghcr'],
      [{ 'x-gitlab-event': 'Push Hook' }, 'gitlab'],
      [{ 'x-hook-uuid': 'u', 'x-event-key': 'repo:push' }, 'bitbucket-cloud'],
      [{ 'x-event-key': 'repo:refs_changed' }, 'bitbucket-server'],
      [{ authorization: 'x' }, 'harbor'],
      [{}, undefined],
    ] as const)
      assert.equal(providerOf(headers), provider);
  });
});

/** Replaces whatever stands at a place in the payload. */
function mutate(payload: JsonValue, way: readonly number[], value: JsonValue): JsonValue {
  const [step, ...rest] = way;
  if (step === undefined || typeof payload !== 'object' || payload === null) return value;
  const keys = Object.keys(payload);
  const key = keys[step % Math.max(1, keys.length)];
  if (key === undefined) return value;
  if (Array.isArray(payload))
    return payload.map((item, index) =>
      String(index) === key ? mutate(item as JsonValue, rest, value) : (item as JsonValue),
    );
  const object = payload as Readonly<Record<string, JsonValue>>;
  return { ...object, [key]: mutate(object[key] ?? null, rest, value) };
}

function application(
  spec: Partial<ApplicationSpec>,
  annotations: Readonly<Record<string, string>> = {},
): Application {
  const metadata = { name: 'web', namespace: 'argocd', annotations };
  return { metadata, spec: { project: '', destination: {}, ...spec } } as unknown as Application;
}

describe('the repository that was pushed to', () => {
  for (const [url, same] of [
    ['https://git.example/team/web', true],
    ['HTTPS://Git.Example/Team/Web.git', true],
    ['http://git.example:8080/team/web', true],
    ['git@git.example:team/web.git', true],
    ['ssh://git@ssh.git.example:443/team/web', true],
    ['ssh://git@altssh.git.example:443/team/web', true],
    ['https://me@git.example/team/web', true],
    ['https://git.example/team/web/', false],
    ['https://git.example/team/web2', false],
    ['https://git.example.evil/team/web', false],
    ['https://evil/git.example/team/web', false],
    ['https://git.example/team', false],
  ] as const)
    test(`${url} is ${same ? 'it' : 'another'}`, () =>
      assert.equal(isSameRepository(PAGE, url), same));
});

describe('the revision that was pushed', () => {
  for (const [target, revision, touchedHead, matches] of [
    ['', 'main', true, true],
    ['HEAD', 'dev', false, false],
    ['main', 'main', false, true],
    ['refs/heads/feature/a', 'feature/a', false, true],
    ['refs/tags/v1', 'v1', false, true],
    ['main', 'dev', true, false],
    ['1.x', 'v1.4.0', false, true],
    ['^2', 'v1.4.0', false, false],
    ['1.2', '1.2.9', false, true],
    ['>=1.0.0', '1.1.0-rc1', false, false],
    ['*', 'main', false, false],
    ['app-:1.x', 'app-1.4.0', false, false],
    ['a'.repeat(40), 'main', true, false],
  ] as const)
    test(`"${target}" ${matches ? 'follows' : 'does not follow'} ${revision}`, () =>
      assert.equal(matchesRevision(target, { revision, touchedHead }), matches));

  for (const [target, revision, matches] of [
    ['1.x', 'app-1.4.0', true],
    ['1.x', '1.4.0', false],
    ['1.0.0', 'app-1.0.0', true],
    ['1.0.0', '1.0.0', true], // a branch of that name is what it means when there is no such tag
    ['main', 'main', true],
    ['main', 'app-main', false],
  ] as const)
    test(`"${target}" of tagPrefix "app-" ${matches ? 'follows' : 'does not follow'} ${revision}`, () =>
      assert.equal(matchesRevision(target, { revision, touchedHead: true }, 'app-'), matches));
});

describe('the files that changed', () => {
  const paths = generatePaths('.; ../shared;;/lib/*.yaml', 'apps/web');
  for (const [file, relevant] of [
    ['apps/web/k/x.yaml', true],
    ['apps/shared/a.txt', true],
    ['lib/a.yaml', true],
    ['apps/website/x', false],
    ['lib/sub/a.yaml', false],
    ['apps/web', true],
  ] as const)
    test(`${file} is ${relevant ? '' : 'not '}relevant`, () =>
      assert.equal(
        paths.some((path) => covers(path, file)),
        relevant,
      ));

  const source = { repoURL: PAGE, path: 'apps/web', targetRevision: 'main' };
  const annotated = { 'argocd.argoproj.io/manifest-generate-paths': '.' };
  for (const [name, annotations, changed, learned, refresh] of [
    ['inside of the annotated paths refresh', annotated, ['apps/web/a'], undefined, true],
    ['outside of them do not', annotated, ['apps/other/a'], undefined, false],
    ['refresh when they are not known', annotated, [], undefined, true],
    ['refresh without annotation', {}, ['apps/other/a'], undefined, true],
    ['refresh when a render has read them', {}, ['lib/a'], ['lib'], true],
    ['do not when none has', {}, ['apps/other/a'], ['apps/web', 'lib'], false],
    ['go by the annotation before what was read', annotated, ['lib/a'], ['lib'], false],
    ['anywhere refresh an application at the root', { ...annotated }, ['x'], undefined, false],
  ] as const)
    test(name, () => {
      const event = push({ changedFiles: changed });
      const app = application({ source }, annotations);
      assert.equal(affectedBy(app, event, () => learned).refresh, refresh);
    });

  test('of a source at the root are all relevant to `.`', () => {
    const app = application({ source: { ...source, path: '.' } }, annotated);
    assert.equal(affectedBy(app, push({ changedFiles: ['deep/x'] })).refresh, true);
  });
});

describe('applications that an event concerns', () => {
  test('one of several sources is enough, and a dry source hydrates', () => {
    const other = { repoURL: 'https://git.example/other' };
    const sources = [other, { repoURL: PAGE, targetRevision: 'main' }];
    assert.deepEqual(affectedBy(application({ sources }), push()), {
      refresh: true,
      hydrate: false,
      sources: sources.slice(1),
    });
    assert.equal(affectedBy(application({ sources: [other] }), push()).refresh, false);
    const sourceHydrator = {
      drySource: { repoURL: PAGE, path: 'dry', targetRevision: 'main' },
      syncSource: { targetBranch: 'env/prod', path: 'prod' },
    };
    const hydrated = application({ sourceHydrator });
    const asked = (event: WebhookEvent) => {
      const { refresh, hydrate } = affectedBy(hydrated, event);
      return { refresh, hydrate };
    };
    assert.deepEqual(asked(push()), { refresh: true, hydrate: true });
    assert.deepEqual(asked(push({ revision: 'env/prod' })), { refresh: true, hydrate: false });
  });

  test('artifacts go by registry, chart and tag', () => {
    const event: WebhookEvent = { type: 'artifact', repository: 'ghcr.io/team/web', tag: '1.2.3' };
    for (const [source, refresh] of [
      [{ repoURL: 'oci://ghcr.io/Team/web/', targetRevision: '1.x' }, true],
      [{ repoURL: 'ghcr.io/team', chart: 'web', targetRevision: '1.2.3' }, true],
      [{ repoURL: 'ghcr.io/team', chart: 'web', targetRevision: '2.x' }, false],
      [{ repoURL: 'ghcr.io/team', chart: 'other', targetRevision: '1.x' }, false],
    ] as const) {
      const affected = affectedBy(application({ source }), event);
      assert.deepEqual([affected.refresh, affected.hydrate], [refresh, refresh]);
    }
  });
});
