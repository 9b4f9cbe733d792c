import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOBODY } from '../../core/access/requester.ts';
import { DEFAULT_PROJECT_SETTINGS } from '../../core/project/project-settings.ts';
import type { ControlPlane } from '../control-plane.ts';
import { readChart, readImage, readRevision } from './read-revision.ts';

const signal = new AbortController().signal;
const HEAD = { apiVersion: 'argoproj.io/v1alpha1' };
const CHART = { repoURL: 'https://charts.example.com', chart: 'web', targetRevision: '1.x' };
const asked: string[] = [];

function controlPlane(source: object, sourceRepos: readonly string[] = ['*']): ControlPlane {
  const app = {
    ...{ ...HEAD, kind: 'Application' },
    metadata: { name: 'shop', namespace: 'argocd' },
    spec: { project: 'default', destination: { server: 's' }, source },
    status: { sync: { status: 'Synced', revision: '1.2.3' } },
  };
  const project = {
    ...{ ...HEAD, kind: 'AppProject' },
    metadata: { name: 'default', namespace: 'argocd' },
    spec: { sourceRepos, destinations: [{ server: '*', namespace: '*' }] },
  };
  return {
    ports: {
      apps: { get: () => app, read: async () => app },
      projects: { get: () => project },
      projectSettings: () => DEFAULT_PROJECT_SETTINGS,
      access: { decide: () => ({ allowed: true }) },
      charts: {
        async resolve(_chart: unknown, version: string) {
          asked.push(version);
          return version;
        },
        tree: async () => ({ read: async () => Buffer.from('the chart') }),
      },
      repositories: {
        resolve: async (_url: string, revision: string) => `${revision} resolved`,
        artifact: async (url: string, digest: string, { project }: { project: string }) => ({
          description: `${url} ${digest} for ${project}`,
        }),
      },
      readYaml: (text: string) =>
        text === 'the chart'
          ? {
              description: 'A shop',
              home: 7,
              maintainers: [{ name: 'Ann', email: 'a@example.com' }, { name: 'Bob' }, 'x'],
            }
          : undefined,
    },
    settings: { namespace: 'argocd', applicationNamespaces: [] },
  } as unknown as ControlPlane;
}

const request = (revision: string) => ({
  app: { name: 'shop', namespace: '', project: '' },
  ...{ revision, sourceIndex: 0, versionId: undefined },
});

test('a chart says what it is for and who keeps it', async () => {
  const details = await readChart(controlPlane(CHART), NOBODY, request('1.2.3'), signal);
  const maintainers = ['Ann <a@example.com>', 'Bob'];
  assert.deepEqual(details, { description: 'A shop', home: '', maintainers });
  assert.deepEqual(asked, ['1.2.3']);
});

test('a chart has no commit, and no other version is asked for', async () => {
  const plane = controlPlane(CHART);
  await assert.rejects(readRevision(plane, NOBODY, request('1.2.3'), signal), {
    code: 'RequestFailed',
    message: 'source https://charts.example.com: is not a Git repository',
  });
  await assert.rejects(readChart(plane, NOBODY, request('9.9.9'), signal), {
    code: 'InvalidRequest',
  });
  assert.equal(asked.includes('9.9.9'), false);
});

test('nothing is told of a repository that the project does not permit any more', async () => {
  const plane = controlPlane(CHART, ['https://example.com/*']);
  await assert.rejects(readChart(plane, NOBODY, request('1.2.3'), signal), {
    code: 'PermissionDenied',
    message: 'permission denied',
  });
});

test('an artifact says what it is, and is neither commit nor chart', async () => {
  const image = {
    repoURL: 'oci://registry.example.com/shop',
    targetRevision: '1.x',
    chart: 'shop',
  };
  const plane = controlPlane(image);
  const info = await readImage(plane, NOBODY, request('1.2.3'), signal);
  assert.equal(info.description, 'oci://registry.example.com/shop 1.2.3 resolved for default');
  for (const other of [readRevision, readChart])
    await assert.rejects(other(plane, NOBODY, request('1.2.3'), signal), { code: 'RequestFailed' });
  await assert.rejects(readImage(controlPlane(CHART), NOBODY, request('1.2.3'), signal), {
    message: 'source https://charts.example.com: is not an OCI image',
  });
});
