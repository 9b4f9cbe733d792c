import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fails, openRenderer, type Renderer } from './testing/renderer.ts';

// What people deploy, from checkouts of https://github.com/argoproj/argocd-example-apps and
// https://github.com/stefanprodan/podinfo in one folder: that of REAL_SOURCES, else `shared/real` beside the repository.
// Without them it is left out, and says so.

const signal = AbortSignal.timeout(600_000);
const folder = process.env['REAL_SOURCES'] ?? join(import.meta.dirname, '../../shared/real');
const EXAMPLES = 'argocd-example-apps';
const real: readonly (readonly [path: string, type: string, objects: number])[] = [
  [`${EXAMPLES}/guestbook`, 'Directory', 2],
  [`${EXAMPLES}/helm-guestbook`, 'Helm', 2],
  [`${EXAMPLES}/kustomize-guestbook`, 'Kustomize', 2],
  [`${EXAMPLES}/sock-shop`, 'Kustomize', 29],
  [`${EXAMPLES}/sync-waves`, 'Directory', 7],
  [`${EXAMPLES}/pre-post-sync`, 'Kustomize', 4],
  [`${EXAMPLES}/helm-hooks`, 'Directory', 5],
  [`${EXAMPLES}/apps`, 'Helm', 14],
  [`${EXAMPLES}/blue-green`, 'Helm', 3],
  ['podinfo/charts/podinfo', 'Helm', 5],
  ['podinfo/kustomize', 'Kustomize', 3],
];

describe('real input', () => {
  if (!existsSync(join(folder, EXAMPLES))) {
    console.log(
      `left out: rendering of real input, because ${folder} has no checkouts (REAL_SOURCES names another)`,
    );
    return;
  }
  let renderer: Renderer;
  before(async () => {
    renderer = await openRenderer(signal);
  });
  after(() => renderer[Symbol.asyncDispose]());

  for (const [path, type, count] of real) {
    test(`${path} is ${type} with ${count} objects`, async () => {
      const generated = await renderer.render(folder, { path });
      assert.equal(generated.type, type);
      assert.equal(generated.objects.length, count);
      assert.doesNotMatch(JSON.stringify(generated.commands ?? []), /tiphys-|\/tmp/);
    });
  }

  test('Jsonnet needs a program', () =>
    fails(
      renderer.render(folder, { path: `${EXAMPLES}/jsonnet-guestbook` }),
      'RenderFailed',
      /Jsonnet/,
    ));
});
