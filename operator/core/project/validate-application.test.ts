import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseApplication } from '../app/parse.ts';
import type { Project, ProjectSpec } from '../app/types.ts';
import type { JsonObject } from '../objects/json.ts';
import { validateApplicationAgainstProject } from './validate-application.ts';

const everything: ProjectSpec = {
  sourceRepos: ['*'],
  destinations: [{ server: '*', namespace: '*' }],
};
const home = { server: 'https://kubernetes.default.svc', name: 'in-cluster', project: undefined };
const source = { repoURL: 'https://g/web', path: '.' };
const destination = { server: home.server, namespace: 'web' };
const valid = { project: 'team', source, destination };
const drySource = { repoURL: 'https://g/dry', targetRevision: 'main', path: 'x' };
const hydrated = (syncSource: JsonObject) => ({
  project: 'team',
  destination,
  sourceHydrator: { drySource, syncSource: { targetBranch: 'env', path: 'web', ...syncSource } },
});

interface Case {
  readonly name: string;
  readonly project?: ProjectSpec;
  readonly spec?: JsonObject;
  readonly namespace?: string;
  readonly cluster?: { readonly project: string | undefined };
  readonly expected: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'an application that keeps to everything', expected: [] },
  {
    name: 'an application from a namespace that the project does not know',
    namespace: 'team-b',
    project: { ...everything, sourceRepos: [], sourceNamespaces: ['team-a'] },
    expected: [
      "UnknownError: application 'web' in namespace 'team-b' is not permitted to use project 'team' (spec.sourceNamespaces of AppProject team has no match)",
    ],
  },
  {
    name: 'an application from a namespace that the project knows',
    namespace: 'team-b',
    project: { ...everything, sourceNamespaces: ['/^team-[a-z]$/'] },
    expected: [],
  },
  {
    name: 'a repository and a destination at once',
    project: {},
    expected: [
      "InvalidSpecError: application repo https://g/web is not permitted in project 'team' (spec.sourceRepos of AppProject team has no match)",
      "InvalidSpecError: application destination server 'https://kubernetes.default.svc' and namespace 'web' do not match any of the allowed destinations in project 'team' (spec.destinations of AppProject team has no match)",
    ],
  },
  {
    name: 'a destination by name is named by it',
    project: { ...everything, destinations: [] },
    spec: { ...valid, destination: { name: 'in-cluster', namespace: 'web' } },
    expected: [
      "InvalidSpecError: application destination server 'in-cluster' and namespace 'web' do not match any of the allowed destinations in project 'team' (spec.destinations of AppProject team has no match)",
    ],
  },
  {
    name: 'an entry by name permits an application that uses the server',
    project: { ...everything, destinations: [{ name: 'in-cluster', namespace: '*' }] },
    spec: { ...valid, destination: { ...destination, name: '' } },
    expected: [],
  },
  {
    name: 'one of several sources, told once',
    project: { ...everything, sourceRepos: ['https://g/web'] },
    spec: {
      project: 'team',
      destination,
      sources: [
        source,
        { ...source, repoURL: 'https://g/b' },
        { repoURL: 'https://g/b', ref: 'v' },
      ],
    },
    expected: [
      "InvalidSpecError: application repo https://g/b is not permitted in project 'team' (spec.sourceRepos of AppProject team has no match)",
    ],
  },
  {
    name: 'a hydrator that commits to a repository of its own',
    project: { ...everything, sourceRepos: ['https://g/dry'] },
    spec: hydrated({ repoURL: 'https://g/wet' }),
    expected: [
      "InvalidSpecError: sync source repo https://g/wet is not permitted in project 'team' (spec.sourceRepos of AppProject team has no match)",
    ],
  },
  {
    name: 'a hydrator that commits to the dry repository',
    project: { ...everything, sourceRepos: ['https://g/dry'] },
    spec: hydrated({ repoURL: '' }),
    expected: [],
  },
  {
    name: 'a cluster of everybody where only own clusters may be used',
    project: { ...everything, permitOnlyProjectScopedClusters: true },
    expected: [
      "InvalidSpecError: application destination server 'https://kubernetes.default.svc' and namespace 'web' do not match any of the allowed destinations in project 'team' (spec.permitOnlyProjectScopedClusters of AppProject team: cluster in-cluster belongs to no project)",
    ],
  },
  {
    name: 'a cluster of another project where only own clusters may be used',
    project: { ...everything, permitOnlyProjectScopedClusters: true },
    cluster: { project: 'other' },
    expected: [
      "InvalidSpecError: application destination server 'https://kubernetes.default.svc' and namespace 'web' do not match any of the allowed destinations in project 'team' (spec.permitOnlyProjectScopedClusters of AppProject team: cluster in-cluster belongs to project other)",
    ],
  },
  {
    name: 'a cluster of another project, which only the own-clusters rule keeps out',
    cluster: { project: 'other' },
    expected: [],
  },
  {
    name: "the project's own cluster where only own clusters may be used",
    project: { ...everything, permitOnlyProjectScopedClusters: true },
    cluster: { project: 'team' },
    expected: [],
  },
];

for (const { name, expected, ...given } of cases)
  test(name, () => {
    const parsed = parseApplication({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'web', namespace: given.namespace ?? 'argocd' },
      spec: given.spec ?? valid,
    });
    assert.ok(parsed.type === 'ok');
    const project: Project = {
      name: 'team',
      namespace: 'argocd',
      spec: given.project ?? everything,
    };
    const conditions = validateApplicationAgainstProject(
      parsed.application,
      project,
      { ...home, ...given.cluster },
      'argocd',
    );
    assert.deepEqual(
      conditions.map(({ type, message }) => `${type}: ${message}`),
      expected,
    );
  });
