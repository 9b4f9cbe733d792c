import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import fc from 'fast-check';
import type { KustomizeSource } from '../../operator/core/app/types.ts';
import { TiphysError } from '../../operator/core/errors.ts';
import { canonicalJson, type JsonValue } from '../../operator/core/objects/json.ts';
import type { Generator } from '../../operator/ports/generator.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { parseManifests } from '../yaml/parse-manifests.ts';
import { createKustomizeGenerator } from './index.ts';

// The same options through `kustomize edit` by hand and through us; then both are built.

const signal = AbortSignal.timeout(600_000);
const RUNS = process.env['TIPHYS_SOAK'] === '1' ? 400 : 25;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {own: x}}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: a, image: 'nginx:1.0'}
      - {name: b, image: 'registry.example:5000/team/app:1.0'}
      - {name: c, image: 'busybox@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}
`;
const COMPONENT = `apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
configMapGenerator:
- {name: extra, literals: [a=b], options: {disableNameSuffixHash: true}}
`;
const EMPTY = 'resources: [deployment.yaml]\n';
const FULL = `${EMPTY}namePrefix: before-
nameSuffix: -before
namespace: before
images:
- {name: nginx, newName: mirror/nginx, newTag: '2.0'}
- {name: busybox, digest: 'sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'}
replicas:
- {name: web, count: 2}
commonLabels: {team: before}
commonAnnotations: {note: before}
labels:
- {pairs: {shared: before}}
components: [./first]
`;

const DIGEST = `sha256:${'c'.repeat(64)}`;
const cases: readonly (readonly [name: string, source: KustomizeSource])[] = [
  ['prefix, suffix and namespace', { namePrefix: 'p-', nameSuffix: '-s', namespace: 'other' }],
  ['a tag', { images: ['nginx:3.0'] }],
  ['a digest', { images: [`nginx@${DIGEST}`] }],
  ['a tag and a digest', { images: [`nginx:3.0@${DIGEST}`] }],
  ['a new name', { images: ['nginx=mirror/other'] }],
  ['a new name and tag', { images: ['nginx=mirror/other:3.0'] }],
  ['a new name and digest', { images: [`nginx=mirror/other@${DIGEST}`] }],
  ['a registry with a port', { images: ['registry.example:5000/team/app:3.0'] }],
  ['a new registry with a port', { images: ['nginx=registry.example:5000/n:3.0'] }],
  ['keep the tag', { images: ['nginx=mirror/other:*'] }],
  ['keep the name', { images: ['nginx=*:3.0'] }],
  ['keep the digest', { images: ['busybox=mirror/busybox@*'] }],
  ['a tag where there was a digest', { images: ['busybox:1'] }],
  ['a digest where there was a tag', { images: [`nginx@${DIGEST}`] }],
  ['several images, one twice', { images: ['nginx:3', 'busybox:4', 'nginx:5'] }],
  ['replicas', { replicas: [{ name: 'web', count: 5 }] }],
  ['replicas as text', { replicas: [{ name: 'web', count: '5' }] }],
  ['labels', { commonLabels: { a: 'b', c: '1' } }],
  ['a label that is there', { commonLabels: { team: 'after' } }],
  ['a label that is there, by force', { commonLabels: { team: 'after' }, forceCommonLabels: true }],
  ['labels without selector', { commonLabels: { a: 'b' }, labelWithoutSelector: true }],
  [
    'labels with templates',
    { commonLabels: { a: 'b' }, labelWithoutSelector: true, labelIncludeTemplates: true },
  ],
  [
    'a label without selector that is there',
    { commonLabels: { shared: 'after' }, labelWithoutSelector: true },
  ],
  [
    'a label without selector that is there, by force',
    { commonLabels: { shared: 'after' }, labelWithoutSelector: true, forceCommonLabels: true },
  ],
  ['annotations', { commonAnnotations: { a: 'b', 'example.com/c': 'd e' } }],
  ['an annotation that is there', { commonAnnotations: { note: 'after' } }],
  [
    'an annotation that is there, by force',
    { commonAnnotations: { note: 'after' }, forceCommonAnnotations: true },
  ],
  ['components', { components: ['first', 'second'] }],
];

describe('kustomize edit and our edits', () => {
  let workshop: Workshop;
  let generator: Generator;
  let program = '';

  before(async () => {
    workshop = await openWorkshop();
    program = await workshop.program('kustomize', signal);
    generator = createKustomizeGenerator({ ...workshop.tool, program });
  });
  after(() => workshop[Symbol.asyncDispose]());

  const filesOf = (kustomization: string): Files => ({
    'app/kustomization.yaml': kustomization,
    'app/deployment.yaml': DEPLOYMENT,
    'app/first/kustomization.yaml': COMPONENT,
    'app/second/kustomization.yaml': COMPONENT.replace('extra', 'second'),
  });

  async function byHand(kustomization: string, source: KustomizeSource): Promise<Result> {
    const cwd = join(await workshop.folder(filesOf(kustomization)), 'app');
    const run = (...args: readonly string[]) =>
      promisify(execFile)(program, args, { cwd, env: { HOME: cwd } });
    try {
      for (const args of editsOf(source)) await run('edit', ...args);
      const { stdout } = await run('build', '.');
      return { objects: sorted(parseManifests(stdout, { file: 'by hand' })) };
    } catch (error) {
      return { error: String(error) };
    }
  }

  async function byUs(kustomization: string, kustomize: KustomizeSource): Promise<Result> {
    try {
      const files = filesOf(kustomization);
      const source = { path: 'app', kustomize };
      const { objects } = await workshop.generate(generator, files, source, {}, signal);
      return { objects: sorted(objects) };
    } catch (error) {
      if (!(error instanceof TiphysError)) throw error;
      return { error: error.message };
    }
  }

  async function compare(kustomization: string, source: KustomizeSource): Promise<void> {
    const [theirs, ours] = await Promise.all([
      byHand(kustomization, source),
      byUs(kustomization, source),
    ]);
    const subject = JSON.stringify({
      source,
      kustomization,
      theirs: theirs.error,
      ours: ours.error,
    });
    assert.equal(ours.error === undefined, theirs.error === undefined, subject);
    assert.equal(ours.objects, theirs.objects, subject);
  }

  for (const [name, source] of cases) {
    test(`${name}, to an empty kustomization`, () => compare(EMPTY, source));
    test(`${name}, to a full one`, () => compare(FULL, source));
  }

  test('any images', async () => {
    const name = fc.constantFrom('nginx', 'busybox', 'registry.example:5000/team/app', 'absent');
    const tail = fc.constantFrom('', ':3.0', ':*', `@${DIGEST}`, '@*', `:3.0@${DIGEST}`);
    const target = fc.constantFrom('', 'mirror/x', 'registry.example:5000/y', '*');
    const image = fc
      .tuple(name, target, tail)
      .map(([old, to, end]) => (to === '' ? `${old}${end}` : `${old}=${to}${end}`));
    await fc.assert(
      fc.asyncProperty(
        fc.array(image, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(EMPTY, FULL),
        (images, kustomization) => compare(kustomization, { images }),
      ),
      { numRuns: RUNS },
    );
  });
});

interface Result {
  readonly objects?: string;
  readonly error?: string;
}

/** The order in which objects come out is not what this is about. */
function sorted(objects: readonly object[]): string {
  return objects
    .map((object) => canonicalJson(object as JsonValue))
    .sort()
    .join('\n');
}

/** The calls of `kustomize edit` that stand for the options, in the order of the incumbent. */
function editsOf(source: KustomizeSource): readonly (readonly string[])[] {
  const { namePrefix, nameSuffix, namespace, images, replicas, components } = source;
  const edits: string[][] = [];
  if (namePrefix) edits.push(['set', 'nameprefix', '--', namePrefix]);
  if (nameSuffix) edits.push(['set', 'namesuffix', '--', nameSuffix]);
  if (images) edits.push(['set', 'image', ...images]);
  if (replicas) {
    edits.push(['set', 'replicas', ...replicas.map(({ name, count }) => `${name}=${count}`)]);
  }
  const pairs = (map: Readonly<Record<string, string>>) =>
    Object.entries(map).map(([key, value]) => `${key}:${value}`);
  if (source.commonLabels) {
    const flags = [
      ...(source.forceCommonLabels === true ? ['--force'] : []),
      ...(source.labelWithoutSelector === true ? ['--without-selector'] : []),
      ...(source.labelIncludeTemplates === true ? ['--include-templates'] : []),
    ];
    edits.push(['add', 'label', ...flags, ...pairs(source.commonLabels)]);
  }
  if (source.commonAnnotations) {
    const flags = source.forceCommonAnnotations === true ? ['--force'] : [];
    edits.push(['add', 'annotation', ...flags, ...pairs(source.commonAnnotations)]);
  }
  if (namespace) edits.push(['set', 'namespace', '--', namespace]);
  if (components) edits.push(['add', 'component', ...components]);
  return edits;
}
