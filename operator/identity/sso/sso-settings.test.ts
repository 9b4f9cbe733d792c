import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { createSeal } from './seal.ts';
import { resolveTexts } from '../../core/settings/secret-references.ts';
import { readSsoSettings } from './sso-settings.ts';

const SECRETS: Readonly<Record<string, string>> = {
  'argocd-secret oidc.secret': ' s3cret\n',
  'other client': 'theirs',
};
const resolve = (secret: string, key: string) => SECRETS[`${secret} ${key}`];
const read = (config: Readonly<Record<string, string>>) =>
  readSsoSettings({ config: new Map(Object.entries(config)), resolve, secretKey: 'the key' });
const OIDC = 'name: Okta\nissuer: https://idp.test\nclientID: argo\nclientSecret: $oidc.secret\n';

describe('who signs people in', () => {
  test('nobody, by default', () => {
    assert.deepEqual(read({ url: 'https://argo.test' }), { sso: undefined, problems: [] });
  });

  test('a provider, with the defaults of the incumbent', () => {
    const { sso, problems } = read({ url: 'https://argo.test/', 'oidc.config': OIDC });
    assert.deepEqual(problems, []);
    assert.deepEqual(sso, {
      type: 'oidc',
      urls: ['https://argo.test'],
      skipTlsVerification: false,
      name: 'Okta',
      issuer: 'https://idp.test',
      clientId: 'argo',
      clientSecret: 's3cret',
      cliClientId: '',
      scopes: ['openid', 'profile', 'email', 'groups'],
      idTokenClaims: undefined,
      pkce: false,
      domainHint: '',
      connectorId: '',
      logoutUrl: '',
      rootCa: '',
      allowedAudiences: ['argo'],
      skipAudienceCheck: false,
      refreshThresholdMs: 0,
      userInfo: undefined,
    });
  });

  test('every key of it', () => {
    const { sso } = read({
      url: 'https://argo.test',
      additionalUrls: '- https://other.test/argo/\n- no url\n',
      'oidc.tls.insecure.skip.verify': 'true',
      'oidc.config': `${OIDC}cliClientID: $other:client
requestedScopes: [openid]
requestedIDTokenClaims: {groups: {essential: true}}
enableUserInfoGroups: true
userInfoPath: /info
userInfoCacheExpiration: 5m
logoutURL: https://idp.test/out
rootCA: PEM
enablePKCEAuthentication: true
domainHint: example.com
refreshTokenThreshold: 90s
skipAudienceCheckWhenTokenHasNoAudience: true
`,
    });
    assert.deepEqual(sso?.urls, ['https://argo.test', 'https://other.test/argo']);
    assert.deepEqual(sso?.userInfo, { url: 'https://idp.test/info', cacheMs: 300_000 });
    assert.deepEqual(sso?.idTokenClaims, { groups: { essential: true } });
    assert.deepEqual([sso?.cliClientId, sso?.allowedAudiences], ['theirs', ['argo', 'theirs']]);
    assert.deepEqual([sso?.scopes, sso?.refreshThresholdMs], [['openid'], 90_000]);
    assert.deepEqual(
      [sso?.pkce, sso?.skipAudienceCheck, sso?.skipTlsVerification],
      [true, true, true],
    );
  });

  test('Dex, when there is no other provider and the address is known', () => {
    const dex = { 'dex.config': 'connectors: []', 'dex.auth.connectorId': 'ldap' };
    const { sso } = read({ url: 'https://argo.test', ...dex });
    assert.deepEqual([sso?.type, sso?.issuer], ['dex', 'https://argo.test/api/dex']);
    assert.deepEqual([sso?.clientId, sso?.connectorId], ['argo-cd', 'ldap']);
    assert.deepEqual(sso?.allowedAudiences, ['argo-cd', 'argo-cd-cli']);
    assert.ok(sso?.scopes.includes('federated:id'));
    const shared = createHash('sha256').update('the key').digest('base64url').slice(0, 40);
    assert.equal(sso?.clientSecret, shared);
    assert.equal(read({ url: 'https://argo.test', ...dex, 'oidc.config': OIDC }).sso?.type, 'oidc');
    const problems = ['dex.config: url of argocd-cm is missing'];
    assert.deepEqual(read(dex), { sso: undefined, problems });
  });

  const wrong = [
    ['issuer: [', ['oidc.config: is no YAML']],
    ['clientID: a', ['oidc.config: issuer: is missing, or not what it should be']],
    [
      `${OIDC}refreshTokenThreshold: soon`,
      ['oidc.config: refreshTokenThreshold: "soon" is no duration'],
    ],
    [`${OIDC}azure: {useWorkloadIdentity: true}`, ['oidc.config: azure is not supported']],
  ] as const;
  for (const [config, problems] of wrong)
    test(`says what is wrong with ${JSON.stringify(config.slice(-30))}`, () => {
      assert.deepEqual(read({ 'oidc.config': config }).problems, problems);
    });
});

test('references are followed in every text, and what leads nowhere stays', () => {
  const written = {
    a: '$oidc.secret',
    b: ['$other:client', { c: ' $oidc.secret ', d: 'costs $5', e: '$nobody', f: '$no:body' }],
    g: 7,
    h: null,
  };
  assert.deepEqual(resolveTexts(written, resolve), {
    a: 's3cret',
    b: ['theirs', { c: 's3cret', d: 'costs $5', e: '$nobody', f: '$no:body' }],
    g: 7,
    h: null,
  });
});

test('what is sealed opens with the same key, whole, and with no other', () => {
  const seal = createSeal('the key');
  const sealed = seal.seal('état\nurl');
  assert.match(sealed, /^[0-9a-f]+$/);
  assert.notEqual(sealed, seal.seal('état\nurl'));
  assert.equal(createSeal('the key').open(sealed), 'état\nurl');
  assert.equal(createSeal('another').open(sealed), undefined);
  const changed = `${sealed.slice(0, 30)}${sealed[30] === '0' ? '1' : '0'}${sealed.slice(31)}`;
  for (const wrong of ['', 'zz', sealed.slice(2), `${sealed}00`, changed])
    assert.equal(seal.open(wrong), undefined);
});
