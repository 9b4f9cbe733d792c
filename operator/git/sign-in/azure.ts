import { readFile } from 'node:fs/promises';
import { TiphysError } from '../../core/errors.ts';
import type { Credential } from '../../core/repository/access.ts';
import { type Ask, form, oauthToken, type Token } from './tokens.ts';

/** The resource id of Azure DevOps, the same everywhere. */
const SCOPE = '499b84ac-1321-427f-aa17-267ca6975798/.default';

/** What Azure's webhook puts into the environment of a Pod with a workload identity. */
export interface AzureIdentity {
  readonly clientId: string;
  readonly tenantId: string;
  /** File with a token of the service account; it is renewed from outside. */
  readonly tokenFile: string;
  /** Default `https://login.microsoftonline.com`. */
  readonly authority?: string;
}

/** Errors: `GitAuthFailed`, `GitUnreachable`. */
export async function azureServicePrincipalToken(
  principal: Extract<Credential, { type: 'azure-service-principal' }>,
  ask: Ask,
): Promise<Token> {
  const who = `Azure service principal ${principal.clientId}`;
  return await directoryToken(who, principal.endpoint, principal.tenantId, ask, {
    client_id: principal.clientId,
    client_secret: principal.clientSecret,
  });
}

/** Errors: `GitAuthFailed` without an identity or its file, `GitUnreachable`. */
export async function azureWorkloadToken(
  identity: AzureIdentity | undefined,
  ask: Ask,
): Promise<Token> {
  const who = 'Azure workload identity';
  const hint = 'Label the Pod and its service account for Azure workload identity.';
  if (identity === undefined)
    throw new TiphysError('GitAuthFailed', `${who}: this process has none`, { hint });
  const assertion = await readFile(identity.tokenFile, 'utf8').catch((cause: unknown) => {
    throw new TiphysError('GitAuthFailed', `${who}: ${identity.tokenFile}: cannot be read`, {
      cause,
      hint,
    });
  });
  const authority = (identity.authority ?? 'https://login.microsoftonline.com').replace(/\/+$/, '');
  return await directoryToken(who, authority, identity.tenantId, ask, {
    client_id: identity.clientId,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion.trim(),
  });
}

async function directoryToken(
  who: string,
  endpoint: string,
  tenantId: string,
  ask: Ask,
  proof: Readonly<Record<string, string>>,
): Promise<Token> {
  const url = `${endpoint}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`;
  const grant = { grant_type: 'client_credentials', scope: SCOPE, ...proof };
  return oauthToken(who, await ask({ method: 'POST', url, ...form(grant) }));
}
