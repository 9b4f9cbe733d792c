import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CONFIG_KEYS, type Config } from './keys.ts';
import { parseConfig, type ConfigInput } from './parse-config.ts';

function parse(input: Partial<ConfigInput>): Config {
  const parsed = parseConfig({ argv: [], env: {}, ...input });
  assert.equal(parsed.type, 'ok', JSON.stringify(parsed));
  assert.ok(parsed.type === 'ok');
  return parsed.config;
}

function problems(input: Partial<ConfigInput>): readonly string[] {
  const parsed = parseConfig({ argv: [], env: {}, ...input });
  assert.ok(parsed.type === 'invalid', JSON.stringify(parsed));
  return parsed.problems.map(({ name, message }) => `${name} ${message}`);
}

test('without flags and variables the defaults hold', () => {
  const config = parse({});
  assert.equal(config.namespace, 'argocd');
  assert.equal(config.resync, 180_000);
  assert.equal(config.hardResync, 0);
  assert.equal(config.selfHealBackoffFactor, 3);
  assert.equal(config.selfHealBackoffCap, 300_000);
  assert.equal(config.leaderElection, false);
  assert.deepEqual(config.applicationNamespaces, []);
});

test('a flag goes before a variable, ours before the one of Argo CD, and that before the default', () => {
  const env = { TIPHYS_RESYNC: '2m', ARGOCD_RECONCILIATION_TIMEOUT: '3m' };
  assert.equal(parse({ argv: ['--resync', '1m'], env }).resync, 60_000);
  assert.equal(parse({ env }).resync, 120_000);
  assert.equal(parse({ env: { ...env, TIPHYS_RESYNC: '' } }).resync, 180_000);
  assert.equal(parse({ env: { ARGOCD_RECONCILIATION_TIMEOUT: '300s' } }).resync, 300_000);
});

test('flags are written with a blank or with =, and the last of several wins', () => {
  const argv = ['--namespace=one', '--workers', '3', '--namespace', 'two', '--resync=1h30m'];
  const { namespace, workers, resync } = parse({ argv });
  assert.deepEqual({ namespace, workers, resync }, { namespace: 'two', workers: 3, resync: 5.4e6 });
});

test('a switch needs no value, and can be given one', () => {
  assert.equal(parse({ argv: ['--leader-election'] }).leaderElection, true);
  assert.equal(parse({ argv: ['--leader-election', '--workers=2'] }).leaderElection, true);
  assert.equal(parse({ argv: ['--leader-election', 'false'] }).leaderElection, false);
  assert.equal(parse({ argv: ['--leader-election=false'] }).leaderElection, false);
});

test('how often Argo CD compares is how often repositories are asked, unless ours say otherwise', () => {
  const env = { ARGOCD_RECONCILIATION_TIMEOUT: '0s', ARGOCD_RECONCILIATION_JITTER: '10s' };
  const { resync, resyncJitter, repoPollInterval, repoPollJitter } = parse({ env });
  assert.deepEqual(
    [resync, resyncJitter, repoPollInterval, repoPollJitter],
    [0, 10_000, 0, 10_000],
  );
  const argv = ['--repo-poll-interval=30s'];
  assert.equal(parse({ argv, env }).repoPollInterval, 30_000);
  assert.equal(parse({}).repoPollInterval, 120_000);
});

test('a switch is read as Go reads one, since variables may be those of Argo CD', () => {
  for (const [written, meant] of [
    ['1', true],
    ['T', true],
    ['True', true],
    ['0', false],
    ['f', false],
    ['FALSE', false],
  ] as const)
    assert.equal(parse({ env: { ARGOCD_GIT_MODULES_ENABLED: written } }).gitSubmodules, meant);
  for (const written of ['false', 'no'])
    assert.equal(parse({ env: { ARGOCD_GPG_ENABLED: written } }).verifySignatures, false);
  assert.equal(parse({ env: { ARGOCD_GPG_ENABLED: 'true' } }).verifySignatures, true);
  assert.deepEqual(problems({ env: { ARGOCD_GIT_MODULES_ENABLED: 'no' } }), [
    'ARGOCD_GIT_MODULES_ENABLED must be true or false',
  ]);
});

test('a bare number is seconds, as in the variables of Argo CD', () => {
  assert.equal(parse({ env: { ARGOCD_SYNC_WAVE_DELAY: '5' } }).syncWaveDelay, 5_000);
});

test('a size is a quantity of Kubernetes, in bytes', () => {
  const name = 'ARGOCD_REPO_SERVER_OCI_MANIFEST_MAX_EXTRACTED_SIZE';
  for (const [written, bytes] of [
    ['1G', 1e9],
    ['10Mi', 10_485_760],
    ['0.5k', 500],
    ['12', 12],
    ['0', 0],
  ] as const)
    assert.equal(parse({ env: { [name]: written } }).ociMaxExtractedSize, bytes, written);
  assert.equal(parse({}).ociMaxExtractedSize, 1e9);
});

test('the names of Argo CD for bounds of programs and webhooks count', () => {
  const env = {
    ARGOCD_REPO_SERVER_PARALLELISM_LIMIT: '3',
    ARGOCD_EXEC_TIMEOUT: '2m',
    ARGOCD_EXEC_FATAL_TIMEOUT: '30s',
    ARGOCD_REPO_CACHE_EXPIRATION: '48h',
    ARGOCD_SERVER_WEBHOOK_PARALLELISM_LIMIT: '7',
  };
  const config = parse({ env });
  const { renderParallelism, renderTimeout, gitTimeout, programStopTimeout } = config;
  assert.deepEqual([renderParallelism, renderTimeout, gitTimeout], [3, 120_000, 120_000]);
  assert.deepEqual([programStopTimeout, config.webhookParallelism], [30_000, 7]);
  assert.equal(config.manifestCacheExpiration, 172_800_000);
  const other = { ...env, ARGOCD_REPO_SERVER_CACHE_EXPIRATION: '1h' };
  assert.equal(parse({ env: other }).manifestCacheExpiration, 3_600_000);
});

test('an API is an address with http or https, and nothing that belongs to a question', () => {
  const own = 'https://bitbucket.example:8443/api/2.0';
  assert.equal(parse({ env: { TIPHYS_BITBUCKET_API_URL: own } }).bitbucketApiUrl, own);
  assert.equal(parse({}).bitbucketApiUrl, 'https://api.bitbucket.org/2.0');
  for (const wrong of ['bitbucket', 'ftp://a/b', 'https://me:x@a/', 'https://a/?q', 'https://a/#f'])
    assert.deepEqual(problems({ argv: [`--bitbucket-api-url=${wrong}`] }), [
      '--bitbucket-api-url must be an address like https://api.example.com/2.0',
    ]);
});

test('lists have commas between their items', () => {
  const env = { ARGOCD_APPLICATION_NAMESPACES: 'team-*, /^app-\\d+$/ ,' };
  assert.deepEqual(parse({ env }).applicationNamespaces, ['team-*', '/^app-\\d+$/']);
});

for (const [why, input, expected] of [
  [
    'an unknown flag, with the one that was meant',
    { argv: ['--repo-pol-interval', '1s'] },
    '--repo-pol-interval is unknown; did you mean --repo-poll-interval?',
  ],
  ['an unknown flag like no other', { argv: ['--bananas=1'] }, '--bananas is unknown'],
  ['a word that is no flag', { argv: ['now'] }, 'now is not expected; settings are flags'],
  ['a short flag', { argv: ['-n'] }, '-n is not expected; settings are flags'],
  ['a flag without its value', { argv: ['--namespace'] }, '--namespace needs a value'],
  [
    'text that is no duration, by the name it was given under',
    { env: { ARGOCD_RECONCILIATION_TIMEOUT: 'soon' } },
    'ARGOCD_RECONCILIATION_TIMEOUT "soon" is no duration; write 90s, 5m or 1h30m',
  ],
  [
    'a negative duration',
    { argv: ['--resync=-1s'] },
    '--resync "-1s" is no duration; write 90s, 5m or 1h30m',
  ],
  [
    'a size that is none',
    { argv: ['--oci-max-extracted-size=big'] },
    '--oci-max-extracted-size "big" is no size; write 500M or 1Gi',
  ],
  [
    'a negative size',
    { argv: ['--oci-max-extracted-size=-1G'] },
    '--oci-max-extracted-size "-1G" is no size; write 500M or 1Gi',
  ],
  [
    'a port that does not exist',
    { argv: ['--metrics-port', '70000'] },
    '--metrics-port must be a whole number from 0 to 65535',
  ],
  ['no workers', { argv: ['--workers=0'] }, '--workers must be a whole number from 1 to 1000'],
  [
    'a level that does not exist',
    { env: { TIPHYS_LOG_LEVEL: 'loud' } },
    'TIPHYS_LOG_LEVEL must be debug, info, warn or error',
  ],
  [
    'a switch that is neither',
    { argv: ['--leader-election=yes'] },
    '--leader-election must be true or false',
  ],
  [
    'a misspelt variable of ours',
    { env: { TIPHYS_RESYNK: '1s' } },
    'TIPHYS_RESYNK is unknown; did you mean TIPHYS_RESYNC?',
  ],
  ['a context without its file', { argv: ['--context', 'prod'] }, '--context needs --kubeconfig'],
  [
    'a lease that is too short to be renewed',
    { argv: ['--leader-election-lease=5s'] },
    '--leader-election-renew-deadline must be shorter than --leader-election-lease',
  ],
] satisfies readonly (readonly [string, Partial<ConfigInput>, string])[])
  test(`refuses ${why}`, () => assert.deepEqual(problems(input), [expected]));

test('finds all problems at once', () => {
  assert.equal(
    problems({ argv: ['--nope', '--workers=x'], env: { TIPHYS_LOG_FORMAT: 'xml' } }).length,
    3,
  );
});

test('what Kubernetes says about Services tiphys and tiphys-metrics is no setting', () => {
  const env = {
    TIPHYS_SERVICE_HOST: '10.0.0.7',
    TIPHYS_SERVICE_PORT: '80',
    TIPHYS_SERVICE_PORT_HTTP: '80',
    TIPHYS_PORT: 'tcp://10.0.0.7:80',
    TIPHYS_PORT_80_TCP: 'tcp://10.0.0.7:80',
    TIPHYS_PORT_80_TCP_ADDR: '10.0.0.7',
    TIPHYS_METRICS_SERVICE_HOST: '10.0.0.8',
    TIPHYS_METRICS_PORT: 'tcp://10.0.0.8:8082',
  };
  assert.equal(parse({ env }).metricsPort, 8082);
  assert.equal(parse({ env: { ...env, TIPHYS_METRICS_PORT: '9000' } }).metricsPort, 9000);
});

test('variables of others are not looked at', () => {
  parse({ env: { PATH: '/bin', HOME: '/root', TIPHYS_CACHE: '/tmp', TIPHYSX: 'x' } });
});

test('every default is valid, every flag is known under exactly one name', () => {
  const keys = Object.values(CONFIG_KEYS);
  for (const key of keys) assert.ok(key.schema.safeParse(key.fallback).success, key.flag);
  assert.equal(new Set(keys.map(({ flag }) => flag)).size, keys.length);
  for (const { env, flag } of keys)
    assert.equal(env[0], `TIPHYS_${flag.toUpperCase().replaceAll('-', '_')}`);
});

test('property: parsing never throws, whatever is typed', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom(...Object.values(CONFIG_KEYS).map(({ flag }) => `--${flag}`)),
    fc.string().map((value) => `--workers=${value}`),
  );
  fc.assert(
    fc.property(fc.array(word), fc.dictionary(fc.string(), fc.string()), (argv, env) => {
      const parsed = parseConfig({ argv, env });
      if (parsed.type === 'invalid') assert.ok(parsed.problems.length > 0);
    }),
  );
});

test('property: a setting means the same as a flag and as a variable', () => {
  const keys = Object.values(CONFIG_KEYS).filter(({ flag }) => flag !== 'context');
  fc.assert(
    fc.property(fc.constantFrom(...keys), fc.integer({ min: 1, max: 9 }), (key, seconds) => {
      const value = String(seconds);
      const flag = parseConfig({ argv: [`--${key.flag}`, value], env: {} });
      const variable = parseConfig({ argv: [], env: { [key.env[0] ?? '']: value } });
      assert.equal(flag.type, variable.type);
      if (flag.type === 'ok' && variable.type === 'ok')
        assert.deepEqual(flag.config, variable.config);
    }),
  );
});

test('trusted proxies are addresses and ranges, or a number of them, and never everybody', () => {
  const trusted = (written: string) =>
    parse({ argv: [`--api-trusted-proxies=${written}`] }).apiTrustedProxies;
  assert.deepEqual(trusted(''), []);
  assert.deepEqual(trusted('10.0.0.0/8, ::1,fd00::/8'), ['10.0.0.0/8', '::1', 'fd00::/8']);
  assert.equal(trusted('2'), 2);
  for (const wrong of [
    '0',
    '11',
    '-1',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    'ingress',
    '1,10.0.0.1',
  ])
    assert.match(
      problems({ argv: [`--api-trusted-proxies=${wrong}`] }).join(),
      /^--api-trusted-proxies (must be a number from 1 to 10|".*" is neither an address nor a range)/,
    );
});

test('a Redis cluster stands alone, and has one database', () => {
  const cluster = '--redis-cluster=a,b';
  assert.equal(parseConfig({ argv: [cluster, '--redis-db=0'], env: {} }).type, 'ok');
  for (const [more, message] of [
    [['--redis=r'], /^names nodes of a cluster, and --redis \(or REDIS_SERVER\)/],
    [['--redis-sentinels=s'], /--redis-sentinels: leave one out/],
    [['--redis-db=3'], /database 0 alone: leave out --redis-db 3/],
  ] as const) {
    const parsed = parseConfig({ argv: [cluster, ...more], env: {} });
    assert.ok(parsed.type === 'invalid');
    const [problem, ...others] = parsed.problems;
    assert.deepEqual([problem?.name, others], ['--redis-cluster', []]);
    assert.match(problem?.message ?? '', message);
  }
  const shared = parseConfig({ argv: [cluster], env: { REDIS_SERVER: 'argocd-redis:6379' } });
  assert.equal(shared.type, 'invalid', 'an address from the environment is one, too');
});
