import * as z from 'zod/mini';
import type { ApplicationSource } from '../../operator/index.ts';
import {
  createCredentials,
  createRepository,
  deleteCredentials,
  deleteRepository,
  findApps,
  getRepository,
  listCredentials,
  listRepositories,
  repositoryCharts,
  repositoryRefs,
  repositoryTags,
  type SentRegistration,
  sourceDetails,
  updateCredentials,
  updateRepository,
  validateRepository,
} from '../../operator/services/index.ts';
import { presentCredentials, presentRepository, presentWritten } from '../present/repository.ts';
import { presentDetails } from '../present/source-details.ts';
import { json, type Route, route, type RouteAccess } from '../route.ts';
import { anything, flag, text, whole } from './shapes.ts';

/** A registration as clients send it; most texts are secrets. */
const REGISTRATION = {
  type: text,
  name: text,
  project: text,
  username: text,
  password: text,
  bearerToken: text,
  sshPrivateKey: text,
  tlsClientCertData: text,
  tlsClientCertKey: text,
  insecure: flag,
  insecureIgnoreHostKey: flag,
  insecureOCIForceHttp: flag,
  enableLfs: flag,
  enableOCI: flag,
  githubAppID: whole,
  githubAppInstallationID: whole,
  githubAppPrivateKey: text,
  githubAppEnterpriseBaseUrl: text,
  gcpServiceAccountKey: text,
  forceHttpBasicAuth: flag,
  useAzureWorkloadIdentity: flag,
  azureServicePrincipalClientId: text,
  azureServicePrincipalClientSecret: text,
  azureServicePrincipalTenantId: text,
  azureActiveDirectoryEndpoint: text,
  proxy: text,
  noProxy: text,
  depth: whole,
  blobLimit: whole,
  webhookManifestCacheWarmDisabled: flag,
};

const repository = z.object({ ...REGISTRATION, repo: text });
const credentials = z.object({ ...REGISTRATION, url: text });
const asked = z.object({ appProject: text, forceRefresh: flag });

const needs = (action: string): RouteAccess => ({
  type: 'needs',
  resource: 'repositories',
  action,
});
const plusIsBlank = true;

/** Repositories. `{repo}` is the URL, escaped. */
export const repositoryRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/repositories',
    summary: 'Repositories that one may see, with the states of their connections',
    access: { type: 'filtered', resource: 'repositories', action: 'get' },
    query: z.object({ repo: text, appProject: text, forceRefresh: flag }),
    async answer({ query, requester, signal }, controlPlane) {
      const { repo = '', appProject = '', forceRefresh = false } = query;
      const filter = { url: repo, project: appProject, fresh: forceRefresh };
      const found = await listRepositories(controlPlane, requester, filter, signal);
      const items = found.length === 0 ? null : found.map(presentRepository);
      return json({ metadata: {}, items });
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/repositories',
    summary: 'Registers a repository, after it was reached',
    access: needs('create'),
    query: z.object({ upsert: flag, credsOnly: flag }),
    body: repository,
    async answer({ query, body, requester, signal }, controlPlane) {
      const { upsert = false, credsOnly = false } = query;
      const sent = { ...sentAs(body.repo, body), upsert, withoutTest: credsOnly };
      return json(presentWritten(await createRepository(controlPlane, requester, sent, signal)));
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/repositories/{repo}',
    summary: 'One repository',
    access: needs('get'),
    query: asked,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const wanted = { ...named(params, query), fresh: query.forceRefresh ?? false };
      return json(presentRepository(await getRepository(controlPlane, requester, wanted, signal)));
    },
  }),
  route({
    method: 'put',
    path: '/api/v1/repositories/{repo.repo}',
    summary: 'Replaces the registration of a repository',
    access: needs('update'),
    body: repository,
    plusIsBlank,
    async answer({ params, body, requester, signal }, controlPlane) {
      const sent = sentAs(params['repo.repo'], body);
      return json(presentWritten(await updateRepository(controlPlane, requester, sent, signal)));
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/repositories/{repo}',
    summary: 'Removes the registration of a repository',
    access: needs('delete'),
    query: asked,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      await deleteRepository(controlPlane, requester, named(params, query), signal);
      return json({});
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/repositories/{repo}/validate',
    summary: 'Tries to reach a repository; nothing is stored',
    access: needs('create'),
    query: repository,
    body: 'text',
    plusIsBlank,
    async answer({ params, query, body, requester, signal }, controlPlane) {
      const url = body === undefined || body === '' ? params['repo'] : body;
      await validateRepository(controlPlane, requester, sentAs(url, query), signal);
      return json({});
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/repositories/{repo}/refs',
    summary: 'Branches and tags',
    access: needs('get'),
    query: asked,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const wanted = named(params, query);
      const { branches, tags } = await repositoryRefs(controlPlane, requester, wanted, signal);
      return json({ ...nonEmpty({ branches }), ...nonEmpty({ tags }) });
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/repositories/{repo}/oci-tags',
    summary: 'Tags of a repository in a registry',
    access: needs('get'),
    query: asked,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const tags = await repositoryTags(controlPlane, requester, named(params, query), signal);
      return json(nonEmpty({ tags }));
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/repositories/{repo}/apps',
    summary: 'Folders of a repository that look like an Application',
    access: needs('get'),
    query: z.object({ revision: text, appName: text, appProject: text }),
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const { revision = '', appName: name = '', appProject: project = '' } = query;
      const question = { url: params['repo'] ?? '', revision, app: { name, project } };
      const items = await findApps(controlPlane, requester, question, signal);
      return json(nonEmpty({ items }));
    },
  }),
  route({
    method: 'get',
    path: '/api/v1/repositories/{repo}/helmcharts',
    summary: 'Charts of a Helm repository with their versions',
    access: needs('get'),
    query: asked,
    plusIsBlank,
    async answer({ params, query, requester, signal }, controlPlane) {
      const wanted = named(params, query);
      const items = await repositoryCharts(controlPlane, requester, wanted, signal);
      return json(nonEmpty({ items }));
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/repositories/{source.repoURL}/appdetails',
    summary: 'What a source offers to who edits an Application',
    access: needs('get'),
    body: z.object({
      source: anything,
      appName: text,
      appProject: text,
      sourceIndex: whole,
      versionId: whole,
    }),
    plusIsBlank,
    async answer({ params, body, requester, signal }, controlPlane) {
      const { appName: name = '', appProject: project = '', source = {} } = body;
      const repoURL = params['source.repoURL'] ?? '';
      const wanted = { ...source, repoURL } as ApplicationSource;
      const { sourceIndex = 0, versionId = 0 } = body;
      const question = { source: wanted, app: { name, project }, name: { sourceIndex, versionId } };
      const found = await sourceDetails(controlPlane, requester, question, signal);
      return json(presentDetails(found, name));
    },
  }),
];

/** Templates of credentials for repositories whose URLs begin alike. */
export const credentialRoutes: readonly Route[] = [
  route({
    method: 'get',
    path: '/api/v1/repocreds',
    summary: 'Templates of credentials that one may see',
    access: { type: 'filtered', resource: 'repositories', action: 'get' },
    query: z.object({ url: text }),
    answer({ query: { url = '' }, requester }, controlPlane) {
      const items = listCredentials(controlPlane, requester, url).map(presentCredentials);
      return json({ metadata: {}, items });
    },
  }),
  route({
    method: 'post',
    path: '/api/v1/repocreds',
    summary: 'Registers a template of credentials',
    access: needs('create'),
    query: z.object({ upsert: flag }),
    body: credentials,
    async answer({ query: { upsert = false }, body, requester, signal }, controlPlane) {
      const sent = { ...sentAs(body.url, body), upsert };
      const { url } = await createCredentials(controlPlane, requester, sent, signal);
      return json({ url });
    },
  }),
  route({
    method: 'put',
    path: '/api/v1/repocreds/{creds.url}',
    summary: 'Replaces a template of credentials',
    access: needs('update'),
    body: credentials,
    plusIsBlank,
    async answer({ params, body, requester, signal }, controlPlane) {
      const sent = sentAs(params['creds.url'], body);
      const { url } = await updateCredentials(controlPlane, requester, sent, signal);
      return json({ url });
    },
  }),
  route({
    method: 'delete',
    path: '/api/v1/repocreds/{url}',
    summary: 'Removes a template of credentials',
    access: needs('delete'),
    plusIsBlank,
    async answer({ params, requester, signal }, controlPlane) {
      await deleteCredentials(controlPlane, requester, params['url'] ?? '', signal);
      return json({});
    },
  }),
];

function named(
  params: Readonly<Record<string, string>>,
  { appProject = '' }: { readonly appProject?: string | undefined },
) {
  return { url: params['repo'] ?? '', project: appProject };
}

function sentAs(url: string | undefined, fields: object): SentRegistration {
  return { url: url ?? '', fields: { ...fields } };
}

/** Go leaves out lists that are empty. */
function nonEmpty<T extends Readonly<Record<string, readonly unknown[]>>>(lists: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(lists).filter(([, list]) => list.length > 0),
  ) as Partial<T>;
}
