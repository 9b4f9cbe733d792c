import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonValue } from '../objects/json.ts';
import { type Extension, readExtensions, serviceFor } from './extensions.ts';

const URL = 'http://service:8080/base';

function read(...extensions: JsonValue[]) {
  const found = readExtensions({ extensions }, new Map());
  return { names: [...found.extensions.keys()], problems: found.problems };
}

const named = (name: JsonValue, backend: JsonValue): JsonValue => ({ name, backend });
const one = (service: JsonValue, more: object = {}): JsonValue => ({
  ...{ services: [service] },
  ...(more as Record<string, JsonValue>),
});

describe('extensions of argocd-cm', () => {
  test('are read from the list and from a key for each', () => {
    const headers = [{ name: 'X-Key', value: '$some.key' }];
    const single = new Map([['two', one({ url: URL }, { connectionTimeout: '500ms' })]]);
    const list = { extensions: [named('one', one({ url: URL, headers }))] };
    const { extensions, problems } = readExtensions(list, single);
    assert.deepEqual(problems, []);
    assert.deepEqual(extensions.get('one'), {
      name: 'one',
      services: [
        {
          url: URL,
          headers: [{ name: 'x-key', value: '$some.key' }],
          cluster: { name: '', server: '' },
        },
      ],
      connection: { connectMs: 2_000, keepAliveMs: 15_000, idleMs: 60_000 },
    });
    assert.equal(extensions.get('two')?.connection.connectMs, 500);
    assert.deepEqual(readExtensions(undefined, new Map()).problems, []);
  });

  const WRONG: readonly (readonly [name: string, entry: JsonValue, problem: RegExp])[] = [
    ['a name that would be a path', named('../x', one({ url: URL })), /the name must be letters/],
    ['no name', named(null, one({ url: URL })), /the name must be letters/],
    ['no backend', named('bad', null), /^extension bad: has no backend/],
    ['no services', named('bad', { services: [] }), /^extension bad: has no services/],
    ['an address of a file', named('bad', one({ url: 'file:///etc' })), /services\.0: url must be/],
    ['a password', named('bad', one({ url: 'http://a:b@c' })), /must not hold credentials/],
    [
      'a header that is none',
      named('bad', one({ url: URL, headers: [{ name: 'a b', value: '' }] })),
      /each of headers must have a name and a value/,
    ],
    [
      'several services, and one for nobody',
      named('bad', { services: [{ url: URL }, { url: URL, cluster: { name: 'a' } }] }),
      /each must name its cluster/,
    ],
    [
      'a time that is none',
      named('bad', one({ url: URL }, { keepAlive: 'soon' })),
      /keepAlive must be a duration/,
    ],
    ['a text', 'bad', /must be a map/],
    ['a name that is there', named('good', one({ url: URL })), /good: is there twice/],
  ];
  for (const [name, entry, problem] of WRONG)
    test(`one with ${name} is left out, and told`, () => {
      const { names, problems } = read(named('good', one({ url: URL })), entry);
      assert.deepEqual(names, ['good']);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? '', problem);
    });
});

describe('the service of an extension', () => {
  const extension = (...clusters: Extension['services'][number]['cluster'][]): Extension => ({
    name: 'x',
    services: clusters.map((cluster) => ({ url: URL, headers: [], cluster })),
    connection: { connectMs: 1, keepAliveMs: 1, idleMs: 1 },
  });
  const here = { name: 'here', server: 'https://here' };

  test('is that of the cluster, by name or by server; the only one is for all', () => {
    const byName = { name: 'here', server: '' };
    const byServer = { name: '', server: 'https://here/' };
    const other = { name: 'there', server: 'https://there' };
    for (const own of [byName, byServer])
      assert.equal(serviceFor(extension(other, own), here)?.cluster, own);
    assert.equal(serviceFor(extension(other), here)?.cluster, other);
    assert.equal(serviceFor(extension(other, other), here), undefined);
    assert.equal(serviceFor(extension(byName, byServer), { name: '', server: '' }), undefined);
  });
});
