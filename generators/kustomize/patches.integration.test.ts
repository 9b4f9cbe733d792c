import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { KustomizeSource } from '../../operator/core/app/types.ts';
import { hasCode } from '../../operator/core/errors.ts';
import type { KubeObject } from '../../operator/core/objects/kube-object.ts';
import type { Generator } from '../../operator/ports/generator.ts';
import { type Files, openWorkshop, type Workshop } from '../testing/workshop.ts';
import { parseManifests } from '../yaml/parse-manifests.ts';
import { createKustomizeGenerator } from './index.ts';

// The patches of a source, and the same ones written into the kustomization by hand.

const signal = AbortSignal.timeout(600_000);
type Patches = NonNullable<KustomizeSource['patches']>;

const deployment = (name: string, tier: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}, labels: {tier: ${tier}}, annotations: {tier: ${tier}}}
spec:
  replicas: 1
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [{name: main, image: 'nginx:1'}]}
`;
const FILES: Files = {
  'app/web.yaml': deployment('web', 'front'),
  'app/api.yaml': deployment('api', 'back'),
  'app/map.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web, namespace: other}\ndata: {a: b}\n',
  'app/patches/replicas.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 7}\n',
  'app/patches/any.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: any}\nspec: {paused: true}\n',
  'app/patches/operations.json': '[{"op": "add", "path": "/metadata/labels/by", "value": "file"}]',
  'app/patches/operations.yaml': '- {op: replace, path: /spec/replicas, value: 4}\n',
  'app/patches/two.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec: {replicas: 3}\n',
  'shared/outside.yaml':
    'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 9}\n',
};
const rename = (kind: string) =>
  `apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: renamed}\nspec: {replicas: 8}\n`;
const label = '[{"op": "add", "path": "/metadata/labels/by", "value": "text"}]';
const web = { kind: 'Deployment', name: 'web' };

const cases: readonly (readonly [name: string, patches: Patches])[] = [
  ['a file', [{ path: 'patches/replicas.yaml' }]],
  ['a file with a target', [{ path: 'patches/any.yaml', target: { kind: 'Deployment' } }]],
  ['a file of operations', [{ path: 'patches/operations.json', target: web }]],
  [
    'a file of operations as YAML, by a pattern of names',
    [{ path: 'patches/operations.yaml', target: { name: 'w.*', group: 'apps', version: 'v1' } }],
  ],
  ['a file of two', [{ path: 'patches/two.yaml' }]],
  [
    'labels and annotations as target',
    [
      { patch: label, target: { labelSelector: 'tier=back' } },
      { path: 'patches/any.yaml', target: { annotationSelector: 'tier in (front)' } },
    ],
  ],
  [
    'a namespace as target',
    [{ patch: '[{"op":"remove","path":"/data"}]', target: { namespace: 'other' } }],
  ],
  ['another name without leave', [{ patch: rename('Deployment'), target: web }]],
  [
    'another name with leave',
    [{ patch: rename('Deployment'), target: web, options: { allowNameChange: true } }],
  ],
  [
    'another kind without leave',
    [{ patch: rename('StatefulSet'), target: web, options: { allowNameChange: true } }],
  ],
  [
    'another kind with leave',
    [
      {
        patch: rename('StatefulSet'),
        target: web,
        options: { allowNameChange: true, allowKindChange: true },
      },
    ],
  ],
  ['one that fits nothing', [{ patch: label, target: { kind: 'Job' } }]],
  ['one without a target that fits nothing', [{ patch: rename('Deployment') }]],
  ['one that is no patch', [{ patch: 'hello', target: web }]],
  ['one with both', [{ path: 'patches/replicas.yaml', patch: label, target: web }]],
  ['one with neither', [{ target: web }]],
  [
    'several that build on each other',
    [{ path: 'patches/replicas.yaml' }, { path: 'patches/operations.yaml', target: web }],
  ],
];
const KUSTOMIZATIONS: readonly (readonly [name: string, text: string, own: Patches])[] = [
  ['one without patches', 'resources: [web.yaml, api.yaml, map.yaml]\nnamePrefix: a-\n', []],
  [
    'one with a patch',
    'resources: [web.yaml, api.yaml, map.yaml]\npatches: [{path: patches/replicas.yaml}]\n',
    [{ path: 'patches/replicas.yaml' }],
  ],
];

describe('patches of a source, through us and written by hand', () => {
  let workshop: Workshop;
  let generator: Generator;
  let program = '';
  let [applied, refused] = [0, 0];
  before(async () => {
    workshop = await openWorkshop();
    program = await workshop.program('kustomize', signal);
    generator = createKustomizeGenerator({ ...workshop.tool, program });
  });
  after(() => workshop[Symbol.asyncDispose]());

  async function byHand(text: string, patches: Patches): Promise<readonly KubeObject[] | string> {
    const head = text.replace(/^patches:.*\n/m, '');
    const kustomization = `${head}patches: ${JSON.stringify(patches)}\n`;
    const root = await workshop.folder({ ...FILES, 'app/kustomization.yaml': kustomization });
    try {
      const options = { cwd: root, env: { HOME: root } };
      const { stdout } = await promisify(execFile)(program, ['build', join(root, 'app')], options);
      return parseManifests(stdout, { file: 'by hand' });
    } catch (error) {
      return String(error);
    }
  }
  const byUs = async (text: string, patches: Patches) => {
    const files = { ...FILES, 'app/kustomization.yaml': text };
    const source = { path: 'app', kustomize: { patches } };
    return (await workshop.generate(generator, files, source, {}, signal)).objects;
  };

  for (const [where, text, own] of KUSTOMIZATIONS)
    for (const [name, patches] of own.length > 0 ? cases : cases.slice(0, 4))
      test(`${name}, to ${where}`, async () => {
        const theirs = await byHand(text, [...own, ...patches]);
        if (typeof theirs === 'string') {
          refused += 1;
          await assert.rejects(byUs(text, patches), (error) => hasCode(error, 'RenderFailed'));
        } else {
          assert.deepEqual(await byUs(text, patches), theirs);
          const plain = await byHand(text, own);
          if (JSON.stringify(plain) !== JSON.stringify(theirs)) applied += 1;
        }
      });

  test('most of them change something, and some are refused', () => {
    assert.ok(applied >= 10, `${applied} changed something`);
    assert.ok(refused >= 3, `${refused} were refused`);
  });

  test('a file that is not there, or leads out of the repository, is named', async () => {
    const [, text] = KUSTOMIZATIONS[0] ?? ['', ''];
    await assert.rejects(byUs(text ?? '', [{ path: 'patches/none.yaml' }]), (error) => {
      assert.ok(hasCode(error, 'RenderFailed'), String(error));
      assert.match(error.message, /^app: kustomize build failed: .*patches\/none\.yaml/s);
      assert.doesNotMatch(error.message, /tiphys-workshop/);
      return true;
    });
    await assert.rejects(byUs(text ?? '', [{ path: '../../../etc/passwd' }]), (error) => {
      assert.ok(hasCode(error, 'UnsafePath'), String(error));
      return true;
    });
  });
});
