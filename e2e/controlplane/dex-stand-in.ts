// Run as `dex-stand-in.ts serve FILE`, like Dex: a provider under /api/dex with what Dex adds to OpenID Connect.
import { readFile } from 'node:fs/promises';
import { type OidcIssuer, startOidcIssuer } from './oidc-issuer.ts';

interface DexConfig {
  readonly issuer: string;
  readonly web: { readonly http: string };
  readonly expiry?: { readonly idTokens?: string };
  readonly staticClients: readonly {
    readonly id: string;
    readonly secret?: string;
    readonly redirectURIs: readonly string[];
  }[];
}

const [, , verb, file = ''] = process.argv;
if (verb !== 'serve') throw new Error('usage: serve FILE');
if (process.env['DEX_EXPAND_ENV'] !== 'false') throw new Error('a dollar would be a variable');
const config = JSON.parse(await readFile(file, 'utf8')) as DexConfig;

const started: { issuer?: OidcIssuer } = {};
const user = {
  sub: 'CgNhbm4SBGxkYXA',
  email: 'ann@example.com',
  groups: ['team'],
  get federated_claims() {
    const connector = started.issuer?.asked.at(-1)?.get('connector_id') ?? '';
    return { connector_id: connector, user_id: 'ann' };
  },
};
const issuer = await startOidcIssuer({
  issuer: config.issuer,
  port: Number(config.web.http.split(':').at(-1)),
  clients: config.staticClients.map(({ id, secret = '', redirectURIs }) => ({
    ...{ id, secret },
    redirects: redirectURIs,
  })),
  user,
  refresh: true,
});
started.issuer = issuer;
issuer.idTokensLive(Number.parseInt(config.expiry?.idTokens ?? '3600', 10));
