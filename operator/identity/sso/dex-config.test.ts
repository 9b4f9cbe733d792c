import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../core/objects/json.ts';
import { renderDexConfig } from './dex-config.ts';
import { dexClientSecret } from './sso-settings.ts';

const URL_OF_UI = 'https://argo.test';
const CALLBACK = `${URL_OF_UI}/api/dex/callback`;

function render(
  dex: string,
  further: Readonly<Record<string, string>> = {},
): JsonObject | undefined {
  const secrets: Readonly<Record<string, string>> = {
    'argocd-secret dex.secret': 'pa$$word\n',
    'team client': 'of the team',
  };
  return renderDexConfig({
    config: new Map(Object.entries({ url: URL_OF_UI, 'dex.config': dex, ...further })),
    resolve: (secret, key) => secrets[`${secret} ${key}`],
    secretKey: 'the key',
    listen: '127.0.0.1:5556',
  });
}

const connectors = [
  {
    type: 'ldap',
    config:
      '{host: "ldap.test:636", bindDN: cn=admin, bindPW: $dex.secret, userSearch: {baseDN: dc=x, username: uid}, groupSearch: {userMatchers: [{userAttr: DN, groupAttr: member}]}}',
    wanted: {
      host: 'ldap.test:636',
      bindDN: 'cn=admin',
      bindPW: 'pa$$word',
      userSearch: { baseDN: 'dc=x', username: 'uid' },
      groupSearch: { userMatchers: [{ userAttr: 'DN', groupAttr: 'member' }] },
    },
  },
  {
    type: 'saml',
    config: '{ssoURL: "https://sso.test", caData: abc, usernameAttr: name, groupsAttr: group}',
    wanted: {
      ...{ ssoURL: 'https://sso.test', caData: 'abc', usernameAttr: 'name', groupsAttr: 'group' },
      redirectURI: CALLBACK,
    },
  },
  {
    type: 'github',
    config: '{clientID: a, clientSecret: $dex.secret, orgs: [{name: org, teams: [red]}]}',
    wanted: {
      ...{ clientID: 'a', clientSecret: 'pa$$word', redirectURI: CALLBACK },
      orgs: [{ name: 'org', teams: ['red'] }],
    },
  },
  {
    type: 'gitlab',
    config:
      '{baseURL: "https://gitlab.test", clientID: a, clientSecret: "$team:client", groups: [g]}',
    wanted: {
      ...{ baseURL: 'https://gitlab.test', clientID: 'a', clientSecret: 'of the team' },
      ...{ groups: ['g'], redirectURI: CALLBACK },
    },
  },
  {
    type: 'google',
    config: '{clientID: a, clientSecret: $dex.secret, hostedDomains: [example.com]}',
    wanted: {
      ...{ clientID: 'a', clientSecret: 'pa$$word', hostedDomains: ['example.com'] },
      redirectURI: CALLBACK,
    },
  },
  {
    type: 'oidc',
    config:
      '{issuer: "https://idp.test", clientID: a, clientSecret: $dex.secret, insecureEnableGroups: true}',
    wanted: {
      ...{ issuer: 'https://idp.test', clientID: 'a', clientSecret: 'pa$$word' },
      ...{ insecureEnableGroups: true, redirectURI: CALLBACK },
    },
  },
];

describe('the configuration of Dex', () => {
  for (const { type, config, wanted } of connectors)
    test(`${type}: its secrets, and where browsers come back to`, () => {
      const written = `connectors: [{type: ${type}, id: x, name: X, config: ${config}}]`;
      const rendered = render(written)?.['connectors'];
      assert.deepEqual(rendered, [{ type, id: 'x', name: 'X', config: wanted }]);
    });

  test('has our clients, for pages and for the CLI, before those of the administrator', () => {
    const clients = render('staticClients: [{id: mine, secret: "$team:client"}]', {
      additionalUrls: '- https://other.test\n',
    })?.['staticClients'];
    assert.deepEqual(clients, [
      {
        id: 'argo-cd',
        name: 'Argo CD',
        secret: dexClientSecret('the key'),
        redirectURIs: ['https://argo.test/auth/callback', 'https://other.test/auth/callback'],
      },
      {
        id: 'argo-cd-cli',
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
      { id: 'mine', secret: 'of the team' },
    ]);
  });

  test('loses nothing that the administrator wrote, and says itself what and where it is', () => {
    const rendered = render(`issuer: https://wrong.test
storage: {type: kubernetes}
web: {http: 0.0.0.0:1, headers: {X-Frame-Options: DENY}}
oauth2: {passwordConnector: ldap}
expiry: {idTokens: 1h}
logger: {level: debug}
`);
    const { connectors: none, staticClients, ...rest } = rendered ?? {};
    assert.deepEqual([none, (staticClients as unknown[]).length], [[], 3]);
    assert.deepEqual(rest, {
      issuer: 'https://argo.test/api/dex',
      storage: { type: 'kubernetes' },
      web: { http: '127.0.0.1:5556', headers: { 'X-Frame-Options': 'DENY' } },
      oauth2: { skipApprovalScreen: true, passwordConnector: 'ldap' },
      expiry: { idTokens: '1h' },
      logger: { level: 'debug' },
    });
  });

  test('is none when Dex is not to run', () => {
    assert.equal(render(''), undefined);
    assert.equal(render('connectors: ['), undefined);
    assert.equal(render('connectors: []', { url: '' }), undefined);
    assert.equal(render('connectors: []', { 'oidc.config': 'issuer: x' }), undefined);
  });
});
