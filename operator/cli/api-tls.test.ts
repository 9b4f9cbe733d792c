import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiTls } from './api-tls.ts';

const certificate = {
  current: () => undefined,
  onChange: () => ({ [Symbol.dispose]() {} }),
};
const settings = { apiTlsMinVersion: '1.2', apiTlsMaxVersion: '1.3' } as const;

const names = {
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-GCM-SHA256': 'ECDHE-RSA-AES128-GCM-SHA256',
};

for (const [given, openSsl] of Object.entries(names))
  test(`${given} is ${openSsl}`, () => {
    assert.equal(apiTls({ ...settings, apiTlsCiphers: [given] }, certificate).ciphers, openSsl);
  });

test('ciphers of TLS 1.3 are not chosen one by one', () => {
  const apiTlsCiphers = ['TLS_AES_128_GCM_SHA256'];
  assert.equal(apiTls({ ...settings, apiTlsCiphers }, certificate).ciphers, '');
});

test('a cipher that there is not, and versions in the wrong order, are refused by name', () => {
  assert.throws(
    () => apiTls({ ...settings, apiTlsCiphers: ['ECDHE-RSA-AES256-GCM-SHA385'] }, certificate),
    { code: 'InvalidConfig', message: /no cipher ECDHE-RSA-AES256-GCM-SHA385/ },
  );
  assert.throws(
    () =>
      apiTls({ apiTlsMinVersion: '1.3', apiTlsMaxVersion: '1.2', apiTlsCiphers: [] }, certificate),
    { code: 'InvalidConfig', message: /min-version 1\.3: is newer/ },
  );
});
