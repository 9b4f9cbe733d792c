import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { namedSources } from './named-sources.ts';

const at = (path: string) => ({ repoURL: 'https://git.test/shop', path });

/** Now two sources; before, one, and at first another one. */
const APPLICATION: KubeObject = {
  ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application' },
  metadata: { name: 'shop', namespace: 'argocd' },
  spec: {
    project: 'default',
    sources: [at('now'), at('now too')],
    destination: { server: 'https://kubernetes.default.svc', namespace: 'shop' },
  },
  status: {
    history: [
      { source: at('first') },
      { id: 1, source: at('second') },
      { id: 2, sources: [at('third'), at('third too')] },
      'hostile',
      { id: 3, source: 7, sources: 'none' },
    ],
  },
};

describe('the source that is meant', () => {
  for (const [sourceIndex, versionId, paths] of [
    [0, 0, ['now', 'first']],
    [1, 0, ['now too']],
    [2, 0, []],
    [-1, 0, []],
    [0, 1, ['second']],
    [1, 1, []],
    [1, 2, ['third too']],
    [0, 9, []],
  ] as const)
    test(`at ${sourceIndex} of ${versionId} is ${paths.join(' or ') || 'none'}`, () => {
      assert.deepEqual(namedSources(APPLICATION, { sourceIndex, versionId }), paths.map(at));
    });

  test('is none where nothing sensible is written', () => {
    const name = { sourceIndex: 0, versionId: 3 };
    assert.deepEqual(namedSources(APPLICATION, name), [7]);
    for (const status of [7, { history: 7 }, undefined]) {
      const broken = { ...APPLICATION, spec: 'none', status } as unknown as KubeObject;
      assert.deepEqual(namedSources(broken, { sourceIndex: 0, versionId: 0 }), []);
    }
  });
});
