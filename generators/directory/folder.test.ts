import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import { fails, namesOf, object, openRenderer, type Renderer } from '../testing/renderer.ts';

const signal = AbortSignal.timeout(600_000);

describe('plain manifests on disk', () => {
  let renderer: Renderer;
  before(async () => {
    renderer = await openRenderer(signal);
  });
  after(() => renderer[Symbol.asyncDispose]());

  const files = {
    'app/a.yaml': `${object('a')}---\n${object('a2')}`,
    'app/b.json': '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}',
    'app/sub/c.yml': object('c'),
    'app/values.yaml': 'replicas: 1\n',
    'app/skipped.yaml': `# +argocd:skip-file-rendering\n${object('skipped')}`,
    'app/notes.txt': object('txt'),
    'app/UPPER.YAML': object('upper'),
  };
  const cases: readonly (readonly [string, ApplicationSource['directory'], readonly string[]])[] = [
    ['without recurse', {}, ['a', 'a2', 'b']],
    ['with recurse', { recurse: true }, ['a', 'a2', 'b', 'c']],
    ['include crosses folders', { recurse: true, include: '*.yml' }, ['c']],
    [
      'exclude wins over include',
      { recurse: true, include: '*', exclude: '{a.yaml,sub/*}' },
      ['b'],
    ],
  ];
  for (const [name, directory, expected] of cases) {
    test(name, async () => {
      const generated = await renderer.render(files, { path: 'app', directory });
      assert.deepEqual(
        generated.objects.map(({ metadata }) => metadata.name),
        expected,
      );
    });
  }

  test('a manifest gone wrong is an error with file and line', () =>
    fails(
      renderer.render({ 'app/a.yaml': `${object('a')}data: [\n` }, { path: 'app' }),
      'InvalidManifest',
      /^app\/a\.yaml:\d+: /,
    ));

  test('a JSON file that is no object of a kind is an error', () =>
    fails(
      renderer.render({ 'app/a.json': '{"a": 1}' }, { path: 'app' }),
      'InvalidManifest',
      /a\.json: has no/,
    ));

  test('a link that leads outside is an error, even when it is excluded', () =>
    fails(
      renderer.render(
        { 'app/x.yaml': { linkTo: '../../x.yaml' } },
        { path: 'app', directory: { exclude: 'x.yaml' } },
      ),
      'UnsafePath',
      /illegal filepath in symlink/,
    ));

  test('a bad link elsewhere does not matter', async () => {
    const generated = await renderer.render(
      { 'app/a.yaml': object('a'), 'other/x.yaml': { linkTo: '/etc/passwd' } },
      { path: 'app' },
    );
    assert.deepEqual(namesOf(generated), ['ConfigMap/a']);
  });
});
