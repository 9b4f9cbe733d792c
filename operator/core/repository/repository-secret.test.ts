import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeText } from '../objects/object-texts.ts';
import {
  FLAGS,
  NUMBERS,
  OWN_TEXTS,
  parseRepositorySecret,
  TEMPLATE_TEXTS,
} from './repository-record.ts';
import {
  recordFrom,
  registrationName,
  registrationSecret,
  registrationTexts,
} from './repository-secret.ts';
import { shownUrl } from './shown-url.ts';

const URL = 'https://git.example/web';

describe('the Secret of a registration', () => {
  test('has the name that the URL and the project make, and another one for another project', () => {
    const name = registrationName('repository', { url: URL, project: '' });
    assert.match(name, /^repo-\d+$/);
    assert.notEqual(registrationName('repository', { url: URL, project: 'a' }), name);
    assert.equal(
      registrationName('repo-creds', { url: URL, project: '' }),
      name.replace('repo', 'creds'),
    );
  });

  test('holds all that was sent, and is read as that', () => {
    const sent = Object.fromEntries([
      ...[...OWN_TEXTS, ...TEMPLATE_TEXTS].map((key) => [key, `text of ${key}`] as const),
      ...FLAGS.map((key) => [key, true] as const),
      ...NUMBERS.map((key, index) => [key, index + 1] as const),
    ]);
    const record = recordFrom(URL, sent);
    const { stringData, ...secret } = registrationSecret('repository', record, 'argocd');
    const texts = Object.entries(stringData as Readonly<Record<string, string>>);
    const data = Object.fromEntries(texts.map(([key, value]) => [key, encodeText(value)]));
    const read = parseRepositorySecret({ ...secret, data } as typeof secret & {
      data: typeof data;
    } & {
      apiVersion: string;
      kind: string;
      metadata: object;
    });
    assert.deepEqual({ ...read, secret: '' }, record);
  });

  test('of a template has neither name nor project, and spells two keys in its own way', () => {
    const record = recordFrom(URL, {
      ...{ name: 'n', project: 'p', password: 'x', depth: 0, insecure: false },
      azureServicePrincipalClientId: 'c',
      azureServicePrincipalTenantId: 't',
    });
    assert.deepEqual(registrationTexts('repo-creds', record), {
      ...{ url: URL, password: 'x' },
      azureServicePrincipalClientID: 'c',
      azureServicePrincipalTenantID: 't',
    });
  });

  test('takes nothing of another type', () => {
    const record = recordFrom(URL, {
      password: 5,
      insecure: 'true',
      depth: '3',
      secret: 'x',
      url: 'u',
    });
    assert.deepEqual(record, recordFrom(URL, {}));
  });
});

for (const [url, shown] of [
  ['https://git.example/a', 'https://git.example/a'],
  ['https://token@git.example/a', 'https://git.example/a'],
  ['https://me:pw@git.example/a@b', 'https://git.example/a@b'],
  ['ssh://git@git.example/a', 'ssh://git@git.example/a'],
  ['ssh://git:pw@git.example/a', 'ssh://git@git.example/a'],
  ['git@git.example:a', 'git@git.example:a'],
  ['oci://me:pw@reg.example/a', 'oci://me@reg.example/a'],
] as const)
  test(`${url} is shown as ${shown}`, () => assert.equal(shownUrl(url), shown));
