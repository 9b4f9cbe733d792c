import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import { silentLogger } from '../telemetry/silent.ts';
import { ensureDefaultProject } from './app-project.ts';

const signal = new AbortController().signal;

/** The project that the API server has when it says that there is one. */
const theirs = { apiVersion: 'x/v1', kind: 'AppProject', metadata: { name: 'default', uid: 't' } };

/** A project store as its watch has not told it anything yet, and an API server that answers with `answer`. */
function setUp(answer: (object: KubeObject) => KubeObject, existing: readonly KubeObject[] = []) {
  const store = new Map(existing.map((project) => [project.metadata.name, project]));
  const projects = {
    get: (name: string) => store.get(name),
    observe: (project: KubeObject) => void store.set(project.metadata.name, project),
  };
  let created = 0;
  const create: KubeClient['create'] = async (_address, object) => {
    created += 1;
    return answer(object);
  };
  return {
    projects,
    created: () => created,
    ensure: () =>
      ensureDefaultProject(
        { create, get: async () => theirs } as Partial<KubeClient> as KubeClient,
        'argocd',
        { projects, logger: silentLogger },
        signal,
      ),
  };
}

// Otherwise the first applications are refused, and one whose repository is away stays so for minutes.
test('the default project is in the store when it was created, before the watch tells of it', async () => {
  const stored = (project: KubeObject) => ({
    ...project,
    metadata: { ...project.metadata, uid: 'u', resourceVersion: '7' },
  });
  const { ensure, projects } = setUp(stored);
  await ensure();
  assert.equal(projects.get('default')?.metadata.resourceVersion, '7');
});

test('a default project of somebody else is left alone, also when it came at the same moment', async () => {
  const project = { apiVersion: 'x/v1', kind: 'AppProject', metadata: { name: 'default' } };
  const there = setUp((object) => object, [project]);
  await there.ensure();
  assert.equal(there.created(), 0);
  const raced = setUp(() => {
    throw new TiphysError('KubeAlreadyExists', 'AppProject/argocd/default: exists');
  });
  await raced.ensure();
  assert.equal(raced.projects.get('default'), theirs);
});

// A conflict tells nothing of whether there is one: it must be asked again, or no application is admitted.
test('a conflict is an error, not a sign that the project is there', async () => {
  const { ensure, projects } = setUp(() => {
    throw new TiphysError(
      'KubeConflict',
      'AppProject/argocd/default: the object has been modified',
    );
  });
  await assert.rejects(ensure(), { code: 'KubeConflict' });
  assert.equal(projects.get('default'), undefined);
});
