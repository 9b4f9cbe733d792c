import type { AzureIdentity } from '../git/index.ts';

/** The identity that Azure's webhook gives to a Pod; `undefined` when a part of it is missing. */
export function azureIdentity(
  env: Readonly<Record<string, string | undefined>>,
): AzureIdentity | undefined {
  const { AZURE_CLIENT_ID, AZURE_TENANT_ID, AZURE_FEDERATED_TOKEN_FILE, AZURE_AUTHORITY_HOST } =
    env;
  if (!AZURE_CLIENT_ID || !AZURE_TENANT_ID || !AZURE_FEDERATED_TOKEN_FILE) return undefined;
  return {
    clientId: AZURE_CLIENT_ID,
    tenantId: AZURE_TENANT_ID,
    tokenFile: AZURE_FEDERATED_TOKEN_FILE,
    ...(AZURE_AUTHORITY_HOST ? { authority: AZURE_AUTHORITY_HOST } : {}),
  };
}
