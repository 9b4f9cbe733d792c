import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileGlob } from '../../operator/core/glob.ts';
import type { GenerateRequest } from '../../operator/ports/generator.ts';
import { pluginEnvironment } from './environment.ts';
import { findMatch, type Found } from './find-match.ts';
import { mergeAnnouncements, parseAnnouncements, parsePluginConfig } from './plugin-config.ts';
import { timeLeft } from './run-plugin.ts';
import { commonRoot, coverOf } from './source-copy.ts';

const HEAD = 'apiVersion: argoproj.io/v1alpha1\nkind: ConfigManagementPlugin\n';

function config(spec: string, metadata = '{ name: p }') {
  return parsePluginConfig(`${HEAD}metadata: ${metadata}\nspec: ${spec}`, 'plugin.yaml');
}

describe('plugin.yaml', () => {
  test('command and args make one command line, name and version one name', () => {
    const read = config(
      '{ version: v1.0, init: { command: [a] }, generate: { command: [sh, -c], args: [x] } }',
    );
    assert.equal(read.name, 'p-v1.0');
    assert.deepEqual(read.init?.command, ['a']);
    assert.deepEqual(read.generate.command, ['sh', '-c', 'x']);
    assert.equal(read.discovery.type, 'none');
  });

  const rules: readonly (readonly [string, string, object])[] = [
    [
      'fileName first',
      '{ fileName: a, find: { glob: b, command: [c] } }',
      { type: 'file', pattern: 'a' },
    ],
    ['then glob', '{ find: { glob: b, command: [c] } }', { type: 'glob', pattern: 'b' }],
    [
      'then command',
      '{ find: { command: [c], args: [d] } }',
      { type: 'command', run: { command: ['c', 'd'] } },
    ],
    ['an empty one is none', '{ fileName: "", find: {} }', { type: 'none' }],
  ];
  for (const [name, discover, expected] of rules) {
    test(`of discovery rules ${name}`, () => {
      assert.deepEqual(
        config(`{ generate: { command: [g] }, discover: ${discover} }`).discovery,
        expected,
      );
    });
  }

  const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['without generate', () => config('{}'), /plugin\.yaml: spec\.generate/],
    [
      'with an empty generate',
      () => config('{ generate: {} }'),
      /spec\.generate\.command: is missing/,
    ],
    [
      'with a name that is a path',
      () => config('{ generate: { command: [g] } }', '{ name: ../p }'),
      /metadata\.name: must be letters/,
    ],
    [
      'with a version that is a number',
      () => config('{ version: 1.0, generate: { command: [g] } }'),
      /spec\.version/,
    ],
    ['of another kind', () => parsePluginConfig('kind: Pod', 'f'), /f: apiVersion/],
    ['that is no YAML', () => parsePluginConfig('a: [', 'f'), /f: f:1/],
    ['that is empty', () => parsePluginConfig('', 'f'), /has 0 documents/],
  ];
  for (const [name, read, message] of refused) {
    test(`one ${name} is refused`, () => {
      assert.throws(
        read,
        (error: Error) =>
          message.test(error.message) &&
          /docs\/plugins/.test((error as { hint?: string }).hint ?? ''),
      );
    });
  }

  test('lockRepo and unknown keys are told', () => {
    const read = config('{ generate: { command: [g] }, lockRepo: true, discovery: {} }');
    assert.deepEqual(read.ignored, ['spec.discovery', 'spec.lockRepo']);
  });

  test('a static announcement takes the place of a dynamic one of its name', () => {
    const dynamic = parseAnnouncements('[{"name":"a","string":"d"},{"name":"b","array":["x"]}]');
    const fixed = parseAnnouncements('[{"name":"a","string":"s"},{"name":"c","map":{"k":"v"}}]');
    assert.deepEqual(
      mergeAnnouncements(dynamic, fixed).map(({ name, string }) => [name, string]),
      [
        ['a', 's'],
        ['b', ''],
        ['c', ''],
      ],
    );
  });

  test('announcements that are none are refused without a word of them', () => {
    for (const text of ['secret-value', '[{"name":{"secret-value":1}}]']) {
      assert.throws(
        () => parseAnnouncements(text),
        (error: Error) => !/secret-value/.test(error.message),
      );
    }
  });
});

describe('the environment of a plugin', () => {
  const request = {
    path: 'app',
    source: { repoURL: 'https://example.com/r', path: 'app', targetRevision: 'main' },
    instance: 'team_web',
    project: 'shop',
    namespace: 'prod',
    revision: '0123456789'.repeat(4),
    kubeVersion: 'v1.36.3+k3s1',
    apiVersions: ['apps/v1', 'v1'],
  } as unknown as GenerateRequest;
  const withPlugin = (plugin: object) =>
    pluginEnvironment({ ...request, source: { ...request.source, plugin } });

  test('has the build environment and the versions of the cluster', () => {
    assert.deepEqual(withPlugin({}), {
      ARGOCD_APP_NAME: 'team_web',
      ARGOCD_APP_NAMESPACE: 'prod',
      ARGOCD_APP_PROJECT_NAME: 'shop',
      ARGOCD_APP_REVISION: request.revision,
      ARGOCD_APP_REVISION_SHORT: '0123456',
      ARGOCD_APP_REVISION_SHORT_8: '01234567',
      ARGOCD_APP_SOURCE_REPO_URL: 'https://example.com/r',
      ARGOCD_APP_SOURCE_PATH: 'app',
      ARGOCD_APP_SOURCE_TARGET_REVISION: 'main',
      KUBE_VERSION: '1.36.3',
      KUBE_API_VERSIONS: 'apps/v1,v1',
      ARGOCD_APP_PARAMETERS: '[]',
    });
  });

  test('cannot be given names that the system knows, only prefixed ones, with values substituted', () => {
    const env = withPlugin({
      env: [
        { name: 'PATH', value: '/tmp' },
        { name: 'APP', value: '${ARGOCD_APP_NAME}-$KUBE_VERSION$$' },
      ],
    });
    assert.equal(env['PATH'], undefined);
    assert.equal(env['ARGOCD_ENV_PATH'], '/tmp');
    assert.equal(env['ARGOCD_ENV_APP'], 'team_web-$');
  });

  test('has parameters as JSON and one by one', () => {
    const parameters = [
      { name: 'image.tag', string: 'v1' },
      { name: 'files', array: ['a', 'b'] },
      { name: 'set-it', map: { 'x.y': '1', z: '2' } },
    ];
    const env = withPlugin({ parameters });
    assert.deepEqual(JSON.parse(env['ARGOCD_APP_PARAMETERS'] ?? ''), parameters);
    const single = Object.fromEntries(
      Object.entries(env).filter(([name]) => name.startsWith('PARAM_')),
    );
    assert.deepEqual(single, {
      PARAM_IMAGE_TAG: 'v1',
      PARAM_FILES_0: 'a',
      PARAM_FILES_1: 'b',
      PARAM_SET_IT_X_Y: '1',
      PARAM_SET_IT_Z: '2',
    });
  });

  for (const [name, value] of [
    ['', 'v'],
    ['A=B', 'v'],
    ['A\0', 'v'],
    ['A', 'v\0'],
  ] as const) {
    test(`refuses ${JSON.stringify(name)} with ${JSON.stringify(value)}`, () => {
      assert.throws(() => withPlugin({ env: [{ name, value }] }), /spec\.source\.plugin\./);
    });
  }
});

describe('finding by pattern', () => {
  const folders: Readonly<Record<string, readonly Found[]>> = {
    '': [dir('sub'), file('Chart.yaml'), link('linked'), dir('.hidden')],
    sub: [dir('deep'), file('s1.yaml')],
    'sub/deep': [file('values.yaml')],
    linked: [file('through.yaml')],
    '.hidden': [],
  };
  function file(name: string): Found {
    return { name, type: 'file' };
  }
  function dir(name: string): Found {
    return { name, type: 'directory' };
  }
  function link(name: string): Found {
    return { name, type: 'symlink' };
  }
  const cases: readonly (readonly [string, boolean, boolean])[] = [
    ['Chart.yaml', false, true],
    ['./sub/s*.yaml', false, true],
    ['sub/values.yaml', false, false],
    ['*/values.yaml', false, false],
    ['**/values.yaml', false, false],
    ['**/values.yaml', true, true],
    ['**/Chart.yaml', true, true],
    ['sub/**', true, true],
    ['.hidden/**', true, false],
    ['linked/*.yaml', false, true],
    ['**/through.yaml', true, false],
    ['../x/Chart.yaml', false, false],
    ['/Chart.yaml', false, false],
    ['', false, false],
    ['s?b/[s]1.yaml', false, true],
  ];
  for (const [pattern, deep, expected] of cases) {
    test(`${pattern}${deep ? ' with **' : ''}: ${expected}`, async () => {
      assert.equal(await findMatch(pattern, { deep }, async (path) => folders[path]), expected);
    });
  }
});

describe('the time of a call', () => {
  const cases: readonly (readonly [string, number, number])[] = [
    ['ends a little before the caller stops waiting', 31_000, 29_900],
    ['is that of the server when the caller waits longer', 500_000, 90_000],
    ['is that of the server when the caller does not say', Number.POSITIVE_INFINITY, 90_000],
    ['is over when the caller has stopped waiting', 500, 1],
  ];
  for (const [name, deadlineMs, expected] of cases) {
    test(name, () => assert.equal(timeLeft(deadlineMs, 1_000, 90_000), expected));
  }
});

describe('what is sent', () => {
  const entries = ['a', 'a/big.bin', 'a/b', 'a/b/c.txt', 'd', 'd/e.txt', 'f.txt'].map((path) => ({
    path,
    type: path.includes('.') ? ('file' as const) : ('directory' as const),
  }));
  const cover = (...globs: readonly string[]) =>
    coverOf('', entries, (path) =>
      globs.some((glob) => compileGlob(glob, { separators: '/' })(path)),
    );

  test('is everything, named once, when nothing is left out', () => {
    assert.deepEqual(cover('nothing'), ['']);
  });
  test('is whole folders where nothing in them is left out', () => {
    assert.deepEqual(cover('a/*.bin'), ['a/b', 'd', 'f.txt']);
    assert.deepEqual(cover('**/c.txt'), ['a/big.bin', 'd', 'f.txt']);
  });
  test('a folder that is left out goes with all in it', () => {
    assert.deepEqual(cover('a'), ['d', 'f.txt']);
    assert.deepEqual(cover('*'), []);
  });

  const roots: readonly (readonly [string, string, string])[] = [
    ['team/web', '.', 'team/web'],
    ['team/web', './charts;values.yaml', 'team/web'],
    ['team/web', '../lib', 'team'],
    ['team/web', '../lib/*.yaml;.', 'team'],
    ['team/web', '/team/web-2/x', 'team'],
    ['team/web', '/other', ''],
    ['team/web', '/*', ''],
    ['', 'lib', ''],
  ];
  for (const [folder, annotation, expected] of roots) {
    test(`of ${folder || 'the root'} with ${annotation} is ${expected || 'all'}`, () => {
      assert.equal(commonRoot(folder, annotation, folder), expected);
    });
  }
});
