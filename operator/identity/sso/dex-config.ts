import { load } from 'js-yaml';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../core/objects/json.ts';
import type { ObjectTexts } from '../../core/objects/object-texts.ts';
import { type ResolveSecret, resolveTexts } from '../../core/settings/secret-references.ts';
import { DEX_CLI_CLIENT, DEX_CLIENT, dexClientSecret, readUrls } from './sso-settings.ts';

export interface DexSources {
  /** `argocd-cm`. */
  readonly config: ObjectTexts;
  readonly resolve: ResolveSecret;
  /** `server.secretkey`. */
  readonly secretKey: string;
  /** Where Dex is to listen: `127.0.0.1:5556`. */
  readonly listen: string;
}

/** Ways to sign in that send a browser elsewhere, and so must be told where it comes back to. */
const REDIRECTING: ReadonlySet<string> = new Set([
  ...['oidc', 'saml', 'microsoft', 'linkedin', 'gitlab', 'github', 'bitbucket-cloud', 'openshift'],
  ...['gitea', 'google', 'oauth'],
]);

/**
 * What Dex is started with (`spec/api.md` 5.1): `dex.config` with its secrets, our clients before those of
 * the administrator, and where it is. Holds secrets. `undefined`: Dex is not to run. Never throws.
 */
export function renderDexConfig({
  config,
  resolve,
  secretKey,
  listen,
}: DexSources): JsonObject | undefined {
  const urls = readUrls(config);
  const [url] = urls;
  const written = readYaml(config.get('dex.config') ?? '');
  if (url === undefined || written === undefined || secretKey === '') return undefined;
  if ((config.get('oidc.config') ?? '').trim() !== '') return undefined;
  const given = resolveTexts(written, resolve) as JsonObject;
  return {
    storage: { type: 'memory' },
    ...given,
    issuer: `${url}/api/dex`,
    web: { ...objectOf(given['web']), http: listen },
    oauth2: { skipApprovalScreen: true, ...objectOf(given['oauth2']) },
    connectors: listOf(given['connectors']).map((one) => connector(one, `${url}/api/dex/callback`)),
    staticClients: [...ownClients(urls, secretKey), ...listOf(given['staticClients'])],
  };
}

function ownClients(urls: readonly string[], secretKey: string): readonly JsonObject[] {
  return [
    {
      id: DEX_CLIENT,
      name: 'Argo CD',
      secret: dexClientSecret(secretKey),
      redirectURIs: urls.map((url) => `${url}/auth/callback`),
    },
    {
      id: DEX_CLI_CLIENT,
      name: 'Argo CD CLI',
      public: true,
      redirectURIs: ['http://localhost', 'http://localhost:8085/auth/callback'],
    },
    {
      id: 'argo-cd-pkce',
      name: 'Argo CD PKCE',
      public: true,
      redirectURIs: ['http://localhost:4000/pkce/verify'],
    },
  ];
}

function connector(written: JsonValue, redirectURI: string): JsonValue {
  if (!isJsonObject(written)) return written;
  const { type } = written;
  if (typeof type !== 'string' || !REDIRECTING.has(type)) return written;
  return { ...written, config: { ...objectOf(written['config']), redirectURI } };
}

function readYaml(text: string): JsonObject | undefined {
  if (text.trim() === '') return undefined;
  try {
    const value = load(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // told where the settings of the provider are read
  }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return isJsonArray(value) ? value : [];
}
