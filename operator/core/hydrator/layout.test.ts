import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { type CommitDetails, commitDetails } from './commit-details.ts';
import { commitAuthor, commitMessage, readCommitSettings } from './commit-message.ts';
import { changesManifests, hydratedFiles, isRecorded } from './layout.ts';
import { fillPlaceholders } from './placeholders.ts';

const commit = {
  sha: 'abcdef0123456789',
  repoUrl: 'https://g/dry',
  author: 'Ann <ann@example.com>',
  date: '2026-01-01T00:00:00Z',
  message:
    'Bump the image\n\nBecause it is new.\n\nArgocd-reference-commit-sha: 123\nArgocd-reference-commit-author: Bob <bob@example.com>\nArgocd-reference-commit-repourl: https://g/code\nArgocd-reference-commit-body: "two\\nlines"\nSigned-off-by: Ann <ann@example.com>\n',
};
const details: CommitDetails = commitDetails(commit);
const bare: CommitDetails = commitDetails({ ...commit, message: 'Bump' });

test('what a commit says of itself, and of the one that its trailers name', () => {
  assert.equal(details.subject, 'Bump the image');
  assert.match(details.body, /^Because it is new\.\n\nArgocd/);
  assert.deepEqual(details.references, [
    {
      commit: {
        sha: '123',
        author: 'Bob <bob@example.com>',
        repoURL: 'https://g/code',
        body: 'two\nlines',
      },
    },
  ]);
  assert.deepEqual(bare.references, []);
  assert.equal(bare.body, '');
});

test('a quoted trailer that is no JSON stays as it is', () => {
  const odd = commitDetails({ ...commit, message: 'a\n\nArgocd-reference-commit-body: "x' });
  assert.equal(odd.references[0]?.commit.body, '"x');
});

describe('the message of a hydrated commit', () => {
  const text = (template: string, from = details) => {
    const filled = commitMessage(from, template);
    return filled.type === 'text' ? filled.text : `unsupported ${filled.what}`;
  };
  for (const [name, template, expected] of [
    ['default', '', 'abcdef0: Bump\n\nCo-authored-by: Ann <ann@example.com>\n'],
    ['placeholders', '[{{ .metadata.drySha | trunc 4 }}] {{.metadata.subject}}', '[abcd] Bump'],
    ['plain words', 'Hydrate', 'Hydrate'],
    ['nothing but blanks', '{{ .metadata.body }} ', 'abcdef0123456789\n'],
    ['a condition', '{{ if .metadata.body }}x{{ end }}', 'unsupported {{ if .metadata.body }}'],
    ['trimmed space', '{{- .metadata.body }}', 'unsupported {{- .metadata.body }}'],
    ['an unknown name', '{{ .metadata.constructor }}', 'unsupported {{ .metadata.constructor }}'],
    ['a function', '{{ env "HOME" }}', 'unsupported {{ env "HOME" }}'],
  ] as const)
    test(name, () => assert.equal(text(template, bare), expected));

  test('names the author of the commit behind it', () =>
    assert.match(text(''), /\n\nCo-authored-by: Bob <bob@example.com>\nCo-authored-by: Ann </));

  test('what is filled in is no template', () => {
    const evil = commitDetails({ ...commit, message: '{{ .metadata.author }} $&' });
    const filled = fillPlaceholders('{{ .metadata.subject }}', evil);
    assert.deepEqual(filled, { type: 'text', text: '{{ .metadata.author }} $&' });
  });
});

test('the author is what argocd-cm says, and cannot end early', () => {
  const settings = (texts: Record<string, string>) =>
    readCommitSettings(new Map(Object.entries(texts)));
  assert.equal(commitAuthor(settings({})), 'Argo CD <argo-cd@example.com>');
  assert.equal(
    commitAuthor(
      settings({ 'commit.author.name': 'Bot>\n<x', 'commit.author.email': 'bot@example.com' }),
    ),
    'Botx <bot@example.com>',
  );
});

describe('the files of a commit', () => {
  const object = (name: string, namespace?: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  });
  const writeYaml = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}\n`;
  const files = hydratedFiles(
    [
      { path: 'a', objects: [object('z'), object('b', 'n'), object('c')], commands: ['helm x'] },
      { path: 'b/c', objects: [], commands: [] },
    ],
    { details, writeYaml },
  );

  test('are the same three in every folder, and two at the root', () =>
    assert.deepEqual(
      [...files.keys()].sort(),
      [
        ...['README.md', 'hydrator.metadata'],
        ...['a/README.md', 'a/hydrator.metadata', 'a/manifest.yaml'],
        ...['b/c/README.md', 'b/c/hydrator.metadata', 'b/c/manifest.yaml'],
      ].sort(),
    ));
  test('hold the objects in one order', () => {
    assert.equal(files.get('a/manifest.yaml'), '/c\n---\n/z\n---\nn/b\n');
    assert.equal(files.get('b/c/manifest.yaml'), '');
  });
  test('say where they come from', () => {
    assert.deepEqual(JSON.parse(files.get('hydrator.metadata') ?? ''), { ...details });
    assert.deepEqual(JSON.parse(files.get('a/hydrator.metadata') ?? ''), {
      repoURL: 'https://g/dry',
      drySha: commit.sha,
      commands: ['helm x'],
    });
    assert.match(files.get('a/README.md') ?? '', /git checkout abcdef0123456789\nhelm x\n```\n$/);
  });
  test('have the README that the administrator wants', () => {
    const own = hydratedFiles([{ path: 'a', objects: [], commands: [] }], {
      ...{ details, writeYaml },
      readme: 'own',
    });
    assert.deepEqual([own.get('README.md'), own.get('a/README.md')], ['own', 'own']);
  });
  test('keep what others wrote inside their fences', () => {
    const evil = hydratedFiles([{ path: 'a', objects: [], commands: ['x\n```\n# y'] }], {
      details: { ...details, subject: 'a`b\n# c' },
      writeYaml,
    });
    assert.match(evil.get('a/README.md') ?? '', /````sh\n[^]*x ``` # y\n````\n$/);
    assert.match(evil.get('README.md') ?? '', /`a'b # c`/);
  });
});

test('metadata and README alone are no change', () => {
  assert.equal(changesManifests(['README.md', 'a/hydrator.metadata']), false);
  assert.equal(changesManifests(['README.md', 'a/manifest.yaml']), true);
  assert.equal(changesManifests(['a/old.yaml']), true);
});

test('a dry commit is recorded when every folder says so', () => {
  const record = JSON.stringify({ repoURL: 'r', drySha: 's', commands: [] });
  const wanted = { repoURL: 'r', drySha: 's' };
  assert.equal(isRecorded([record, record], wanted), true);
  for (const other of [
    undefined,
    '',
    'null',
    '[]',
    '{"drySha":"s"}',
    '{"drySha":"t","repoURL":"r"}',
  ])
    assert.equal(isRecorded([record, other], wanted), false, String(other));
});
