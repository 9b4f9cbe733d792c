import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { KubeObject } from '../objects/kube-object.ts';
import { chooseCredential } from './access.ts';
import {
  accessTo,
  findNamedRepository,
  findRepository,
  hostOf,
  repositoriesOfProject,
  type RepositoryConfig,
} from './find-repository.ts';
import { bareRecord, parseRepositorySecret } from './repository-record.ts';

type Fields = Readonly<Record<string, string>>;

const secret = (name: string, fields: Fields): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  data: Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});

const config = (
  repositories: readonly Fields[],
  templates: readonly Fields[] = [],
  maps: Readonly<Record<string, Fields>> = {},
): RepositoryConfig => ({
  secretsOfType: (type) =>
    (type === 'repository' ? repositories : type === 'repo-creds' ? templates : []).map(
      (fields, index) => secret(`${type}-${index}`, fields),
    ),
  configMap: (name) =>
    maps[name] && { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: maps[name] },
});

const URL = 'https://git.example/org/web';

describe('the registration of a repository', () => {
  const passwords: readonly {
    readonly name: string;
    readonly repositories?: readonly Fields[];
    readonly templates?: readonly Fields[];
    readonly url?: string;
    readonly project?: string;
    readonly expected: string;
  }[] = [
    { name: 'is empty for who is not registered', expected: '' },
    {
      name: 'is found by another spelling',
      repositories: [{ url: 'HTTPS://Git.example/Org/Web.git', password: 'own' }],
      expected: 'own',
    },
    {
      name: 'is another one with a trailing slash',
      repositories: [{ url: `${URL}/`, password: 'own' }],
      expected: '',
    },
    {
      name: 'of the project goes before the one for all',
      repositories: [
        { url: URL, password: 'all' },
        { url: URL, password: 'scoped', project: 'a' },
      ],
      project: 'a',
      expected: 'scoped',
    },
    {
      name: 'of another project does not count',
      repositories: [{ url: URL, password: 'scoped', project: 'a' }],
      project: 'b',
      expected: '',
    },
    {
      name: 'of a project is not seen without one',
      repositories: [{ url: URL, password: 'scoped', project: 'a' }],
      expected: '',
    },
    {
      name: 'inherits from the longest prefix',
      templates: [
        { url: 'https://git.example', password: 'short' },
        { url: 'https://git.example/org', password: 'long' },
        { url: 'https://git.example/other', password: 'other' },
      ],
      expected: 'long',
    },
    {
      name: 'inherits from a prefix that ends within a name, as in Argo CD',
      templates: [{ url: 'https://git.example/or', password: 'template' }],
      expected: 'template',
    },
    {
      name: 'never inherits across the end of a host name',
      templates: [{ url: 'https://git.example', password: 'template' }],
      url: 'https://git.example.evil.net/org/web',
      expected: '',
    },
    {
      name: 'never inherits by a host in the place of a user',
      templates: [{ url: 'https://git.example', password: 'template' }],
      url: 'https://git.example@evil.net/org/web',
      expected: '',
    },
    {
      name: 'inherits on another port of the host',
      templates: [{ url: 'https://git.example', password: 'template' }],
      url: 'https://git.example:8443/org/web',
      expected: 'template',
    },
    {
      name: 'inherits nothing from a template without a URL',
      templates: [{ url: '', password: 'template' }],
      expected: '',
    },
    {
      name: 'inherits nothing when it has as little as a user name',
      repositories: [{ url: URL, username: 'bob' }],
      templates: [{ url: 'https://git.example', password: 'template' }],
      expected: '',
    },
    {
      name: 'inherits although it has a Google key',
      repositories: [{ url: URL, gcpServiceAccountKey: '{}' }],
      templates: [{ url: 'https://git.example', password: 'template' }],
      expected: 'template',
    },
    {
      name: 'over ssh inherits by the scp-like spelling',
      templates: [{ url: 'ssh://git@git.example/org', password: 'template' }],
      url: 'git@git.example:org/web.git',
      expected: 'template',
    },
  ];
  for (const {
    name,
    repositories = [],
    templates = [],
    url = URL,
    project = '',
    expected,
  } of passwords) {
    test(name, () => {
      const found = findRepository(url, project, config(repositories, templates));
      assert.equal(found.password, expected);
    });
  }

  test('keeps its proxy and takes the four flags of the template', () => {
    const found = findRepository(
      URL,
      '',
      config(
        [{ url: URL, proxy: 'http://own', enableOCI: 'true', insecure: 'true' }],
        [{ url: 'https://git.example/', proxy: 'http://template', noProxy: 'x', password: 'p' }],
      ),
    );
    assert.equal(found.proxy, 'http://own');
    assert.equal(found.noProxy, 'x');
    assert.equal(found.enableOCI, false);
    assert.equal(found.insecure, true);
    assert.equal(found.inheritedCreds, true);
  });

  test('takes these flags from the template where they are on, and where nobody speaks of them', () => {
    const three = { enableOCI: 'true', insecureOCIForceHttp: 'true', forceHttpBasicAuth: 'true' };
    const flagsOf = (own: object, template: object) => {
      const places = [{ url: URL, ...own }] as const;
      const all = config(places, [{ url: 'https://git.example/', password: 'p', ...template }]);
      const { enableOCI, insecureOCIForceHttp, forceHttpBasicAuth, useAzureWorkloadIdentity } =
        findRepository(URL, '', all);
      const { insecure } = accessTo(URL, '', all);
      return [
        ...[enableOCI, insecureOCIForceHttp, forceHttpBasicAuth, useAzureWorkloadIdentity],
        insecure,
      ];
    };
    const [on, off] = [true, false];
    assert.deepEqual(flagsOf({}, three), [on, on, on, off, on]);
    assert.deepEqual(flagsOf(three, {}), [off, off, off, off, off]);
    assert.deepEqual(flagsOf({}, { useAzureWorkloadIdentity: 'true' }), [off, off, off, on, off]);
    // Who has credentials takes nothing, and keeps what it says.
    assert.deepEqual(flagsOf({ ...three, username: 'x' }, {}), [on, on, on, off, on]);
    const identity = { useAzureWorkloadIdentity: 'true' };
    assert.deepEqual(flagsOf(identity, three), [off, off, off, on, off]);
  });

  test('is scoped to its project, and permits only plain URLs', () => {
    const all = config([
      { url: URL, project: 'a', password: 'p' },
      { url: 'https://git.example/b', project: 'b' },
    ]);
    assert.equal(accessTo(URL, 'a', all).scope, 'a');
    assert.equal(accessTo(URL, 'b', all).scope, '');
    assert.deepEqual(repositoriesOfProject('a', all), [URL]);
    assert.deepEqual(repositoriesOfProject('', all), []);
  });

  test('is found by name among Helm repositories, those of the project first', () => {
    const found = config([
      { url: 'https://git.example/all', name: 'charts' },
      { url: 'https://charts.example/all', name: 'charts', type: 'helm' },
      { url: 'https://charts.example/team', name: 'charts', type: 'helm', project: 'team' },
      { url: 'https://charts.example/other', name: 'theirs', type: 'helm', project: 'other' },
    ]);
    const named = (name: string, project: string) => findNamedRepository(name, project, found);
    assert.equal(named('charts', 'team'), 'https://charts.example/team');
    assert.equal(named('charts', 'web'), 'https://charts.example/all');
    assert.equal(named('charts', ''), 'https://charts.example/all');
    assert.equal(named('theirs', 'web'), undefined);
    assert.equal(named('', 'web'), undefined);
  });

  test('takes authorities by host without port, and none when nothing is checked', () => {
    const maps = {
      'argocd-tls-certs-cm': { 'git.example': 'PEM' },
      'argocd-ssh-known-hosts-cm': { ssh_known_hosts: 'HOSTS' },
    };
    const url = 'https://git.example:8443/a';
    assert.equal(accessTo(url, '', config([], [], maps)).caData, 'PEM');
    assert.equal(accessTo(url, '', config([], [], maps)).sshKnownHosts, 'HOSTS');
    const insecure = config([{ url, insecureIgnoreHostKey: 'true' }], [], maps);
    assert.equal(accessTo(url, '', insecure).insecure, true);
    assert.equal(accessTo(url, '', insecure).caData, undefined);
    assert.equal(accessTo('https://other.example/a', '', config([], [], maps)).caData, undefined);
  });

  for (const [key, value, problem] of [
    ['insecure', '', 'insecure: is neither true nor false'],
    ['enableLfs', 'yes', 'enableLfs: is neither true nor false'],
    ['githubAppID', 'twelve', 'githubAppID: is no whole number'],
    ['depth', '-1', 'depth: is negative'],
  ] as const) {
    test(`${key}: "${value}" makes it unusable, and says so without values`, () => {
      const access = accessTo(URL, '', config([{ url: URL, [key]: value, password: 'p4ss' }]));
      assert.equal(access.problem, `Secret repository-0: ${problem}`);
    });
  }

  test('every spelling of true and false that Go knows is read', () => {
    for (const [text, expected] of [
      ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((one) => [one, true] as const),
      ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((one) => [one, false] as const),
    ]) {
      const record = parseRepositorySecret(secret('x', { insecure: text }));
      assert.equal(record.insecure, expected, text);
      assert.deepEqual(record.problems, []);
    }
  });
});

describe('the credential that counts', () => {
  const everything = {
    ...bareRecord(URL),
    username: 'bob',
    password: 'p',
    sshPrivateKey: 'k',
    githubAppPrivateKey: 'pem',
    githubAppID: 7,
    gcpServiceAccountKey: '{}',
    useAzureWorkloadIdentity: true,
    azureServicePrincipalClientId: 'c',
    azureServicePrincipalClientSecret: 's',
    azureServicePrincipalTenantId: 't',
  };
  const steps = [
    ['basic', {}],
    ['ssh', { password: '' }],
    ['github-app', { sshPrivateKey: '' }],
    ['google', { githubAppID: 0 }],
    ['azure-workload-identity', { gcpServiceAccountKey: '' }],
    ['azure-service-principal', { useAzureWorkloadIdentity: false }],
    ['none', { azureServicePrincipalTenantId: '' }],
  ] as const;
  let record: typeof everything = everything;
  for (const [type, without] of steps) {
    const current = (record = { ...record, ...without });
    test(`is ${type} ${JSON.stringify(without)}`, () => {
      assert.equal(chooseCredential(current).type, type);
    });
  }

  test('a password without a user name gets the one that tokens go with', () => {
    const credential = chooseCredential({ ...bareRecord(URL), password: 'p' });
    assert.deepEqual(credential, { type: 'basic', username: 'x-access-token', password: 'p' });
  });

  test('Azure keys are read in both spellings', () => {
    const record = parseRepositorySecret(
      secret('x', {
        azureServicePrincipalClientID: 'c',
        azureServicePrincipalTenantID: 't',
        azureServicePrincipalClientSecret: 's',
      }),
    );
    assert.equal(chooseCredential(record).type, 'azure-service-principal');
  });
});

test('the host of a URL', () => {
  for (const [url, host] of [
    ['https://me:pw@Git.Example:8443/a?b', 'git.example'],
    ['git@git.example:org/web', 'git.example'],
    ['ssh://git@git.example:22/org', 'git.example'],
    ['https://[::1]:443/x', '[::1]'],
    ['/srv/git', ''],
  ] as const)
    assert.equal(hostOf(url), host, url);
});
