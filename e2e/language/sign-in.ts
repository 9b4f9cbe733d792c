import assert from 'node:assert/strict';
import type { ApiClient } from './api-client.ts';
import type { World } from './world.ts';

/** The password of `admin` that a server made when it began. The API must listen by now. */
export async function adminPassword(world: World): Promise<string> {
  const query = ['get', 'secret', 'argocd-initial-admin-secret', '-o', 'jsonpath={.data.password}'];
  const encoded = await world.kubectl([...query, '-n', world.namespace]);
  return Buffer.from(encoded, 'base64').toString('utf8');
}

/** A token of a local account; default `admin`, with its initial password. */
export async function signIn(
  api: ApiClient,
  world: World,
  { username = 'admin', password }: { readonly username?: string; readonly password?: string } = {},
): Promise<string> {
  const body = { username, password: password ?? (await adminPassword(world)) };
  const answer = await api.request('/api/v1/session', { method: 'POST', body });
  assert.equal(answer.status, 200, `signing in as ${username}: ${answer.text}`);
  return (answer.json as { readonly token: string }).token;
}
