import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { filesOfModule, type GoModule } from '../e2e/controlplane/go-modules.ts';
import { progressToStderr as log } from '../e2e/controlplane/tool-cache.ts';
import type { KustomizeSource } from '../operator/core/app/types.ts';
import { canonicalJson, type JsonValue } from '../operator/core/objects/json.ts';
import type { Generator } from '../operator/ports/generator.ts';
import { createKustomizeGenerator } from './index.ts';
import { type Files, openWorkshop, type Workshop } from './testing/workshop.ts';
import { parseManifests } from './yaml/parse-manifests.ts';

// Kustomizations that other people publish in their Go modules, through us and through kustomize by hand.

const signal = AbortSignal.timeout(600_000);
const GATEWAY_API: GoModule = {
  path: 'sigs.k8s.io/gateway-api',
  version: 'v1.4.0',
  sum: 'ZwlNM6zOHq0h3WUX2gfByPs2yAEsy/EenYJB78jpQfQ=',
};
const CLUSTER_API: GoModule = {
  path: 'sigs.k8s.io/cluster-api',
  version: 'v1.11.3',
  sum: 'apxfugbP1X8AG7THCM74CTarCOW4H2oOc6hlbm1hY80=',
};

interface Case {
  readonly name: string;
  readonly kustomize: KustomizeSource;
  /** Calls of `kustomize edit` by hand. */
  readonly edits: readonly (readonly string[])[];
  /** What stands in the objects then and did not before. */
  readonly shows: readonly RegExp[];
}
const NOTHING: Case = { name: 'as it is', kustomize: {}, edits: [], shows: [] };
const EDITED: Case = {
  name: 'with names, labels, annotations and a namespace of our own',
  kustomize: {
    namePrefix: 'our-',
    nameSuffix: '-1',
    namespace: 'ours',
    commonLabels: { team: 'blue' },
    commonAnnotations: { 'example.com/note': 'a: b' },
  },
  edits: [
    ['set', 'nameprefix', '--', 'our-'],
    ['set', 'namesuffix', '--', '-1'],
    ['add', 'label', 'team:blue'],
    ['add', 'annotation', 'example.com/note:a: b'],
    ['set', 'namespace', '--', 'ours'],
  ],
  shows: [/"team":"blue"/, /"example.com\/note":"a: b"/],
};
const IMAGES: Case = {
  name: 'with another image and more replicas',
  kustomize: {
    images: ['gcr.io/k8s-staging-cluster-api/cluster-api-controller=mirror:5000/capi:v9'],
    replicas: [{ name: 'controller-manager', count: '3' }],
    commonLabels: { team: 'blue' },
    labelWithoutSelector: true,
    labelIncludeTemplates: true,
  },
  edits: [
    ['set', 'image', 'gcr.io/k8s-staging-cluster-api/cluster-api-controller=mirror:5000/capi:v9'],
    ['set', 'replicas', 'controller-manager=3'],
    ['add', 'label', '--without-selector', '--include-templates', 'team:blue'],
  ],
  shows: [/"image":"mirror:5000\/capi:v9"/, /"replicas":3/, /"team":"blue"/],
};

const KUSTOMIZATIONS: readonly {
  readonly module: GoModule;
  readonly folder: string;
  readonly path: string;
  /** Objects that it has as it is. */
  readonly objects: number;
  readonly cases: readonly Case[];
}[] = [
  { module: GATEWAY_API, folder: 'config', path: 'crd', objects: 6, cases: [NOTHING, EDITED] },
  {
    module: GATEWAY_API,
    folder: 'config',
    path: 'crd/experimental',
    objects: 11,
    cases: [NOTHING],
  },
  {
    module: CLUSTER_API,
    folder: 'config',
    path: 'default',
    objects: 26,
    cases: [NOTHING, EDITED, IMAGES],
  },
  { module: CLUSTER_API, folder: 'config', path: 'rbac', objects: 6, cases: [NOTHING, EDITED] },
  {
    module: CLUSTER_API,
    folder: 'bootstrap/kubeadm/config',
    path: 'default',
    objects: 14,
    cases: [NOTHING],
  },
  {
    module: CLUSTER_API,
    folder: 'controlplane/kubeadm/config',
    path: 'default',
    objects: 15,
    cases: [NOTHING, EDITED],
  },
];

describe('kustomizations that others publish, through us and by hand', () => {
  let workshop: Workshop;
  let generator: Generator;
  let program = '';
  before(async () => {
    workshop = await openWorkshop();
    program = await workshop.program('kustomize', signal);
    generator = createKustomizeGenerator({ ...workshop.tool, program });
  });
  after(async () => {
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  async function byHand(files: Files, path: string, edits: Case['edits']) {
    const cwd = join(await workshop.folder(files), path);
    const options = { cwd, env: { HOME: cwd }, maxBuffer: 50_000_000 };
    for (const args of edits) await promisify(execFile)(program, ['edit', ...args], options);
    const { stdout } = await promisify(execFile)(program, ['build', '.'], options);
    return parseManifests(stdout, { file: 'by hand' });
  }
  /** `kustomize edit` sorts what it writes, and so may come to another order of objects. */
  const sorted = (objects: readonly object[]) =>
    objects.map((object) => canonicalJson(object as JsonValue)).sort();

  for (const { module, folder, path, objects: count, cases } of KUSTOMIZATIONS)
    describe(`${module.path} ${module.version}, ${folder}/${path}`, () => {
      let files: Files;
      before(async () => {
        files = await filesOfModule(module, folder, { env: process.env, log, signal });
      });
      for (const { name, kustomize, edits, shows } of cases)
        test(name, async () => {
          const source = { path, kustomize };
          const { objects } = await workshop.generate(generator, files, source, {}, signal);
          assert.equal(objects.length, count);
          for (const text of shows) assert.match(JSON.stringify(objects), text);
          const theirs = await byHand(files, path, edits);
          if (edits.length === 0) assert.deepEqual(objects, theirs);
          else assert.deepEqual(sorted(objects), sorted(theirs));
        });
    });
});
