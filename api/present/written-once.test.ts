import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../../operator/index.ts';
import { createWrittenOnce } from './written-once.ts';

const app = (name: string): KubeObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name },
});

describe('an Application that many ask for', () => {
  test('is written once for each way, and anew when the store has another object', () => {
    const writeOnce = createWrittenOnce({ maxWays: 2 });
    const written: string[] = [];
    const write = (raw: KubeObject, way: string): string =>
      writeOnce(raw, way, ({ metadata }) => {
        written.push(way);
        return `${way} ${JSON.stringify(metadata)}`;
      });
    const [one, changed] = [app('one'), app('changed')];
    assert.equal(write(one, 'all'), 'all {"creationTimestamp":null,"name":"one"}');
    assert.equal(write(one, 'all'), 'all {"creationTimestamp":null,"name":"one"}');
    assert.match(write(one, 'names'), /^names /);
    assert.match(write(changed, 'all'), /changed/);
    assert.deepEqual(written, ['all', 'names', 'all']);
  });

  test('is kept in as many ways as are allowed, those that are asked for last', () => {
    const writeOnce = createWrittenOnce({ maxWays: 2 });
    const one = app('one');
    const written: string[] = [];
    for (const way of ['a', 'b', 'a', 'c', 'a', 'b'])
      writeOnce(one, way, () => {
        written.push(way);
        return way;
      });
    assert.deepEqual(written, ['a', 'b', 'c', 'b']);
  });
});
