import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { runIn } from './testing/run-in.ts';

const CSV = `# the shop's people
p, role:dev, applications, sync, shop/*, allow
p, role:dev, applications, delete, shop/prod-*, deny
g, team, role:dev
`;
const MAP = `apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-rbac-cm }
data:
  policy.default: role:readonly
  policy.csv: |
${CSV.replace(/^/gm, '    ')}
`;
const PROJECT = `apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: { name: shop }
spec:
  roles:
    - name: ci
      policies: ['p, proj:shop:ci, applications, sync, shop/web, allow']
`;
const BROKEN = 'p, alice, applications, get, allow\n';

describe('tiphys can and rbac', () => {
  let dir: string;
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-can-'));
    const files = {
      'policy.csv': CSV,
      'map.yaml': MAP,
      'project.yaml': PROJECT,
      'broken.csv': BROKEN,
      'suspicious.csv':
        'p, alice, aplications, get, */*, allow\np, bob, logs, sync, */*, allow\ng, carol, role:gone\n',
      'roles.yaml': PROJECT.replace(
        'proj:shop:ci, applications, sync, shop/web',
        'proj:shop:cd, accounts, get, bank/web',
      ),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  });
  after(() => rm(dir, { recursive: true, force: true }));

  const cli = (line: string, stdin = '') => runIn(dir, line.split(' '), stdin);

  const answers: readonly (readonly [string, number, string])[] = [
    [
      'can --policy policy.csv role:dev sync applications shop/web',
      0,
      'yes: p, role:dev, applications, sync, shop/*, allow (policy.csv:2)\n',
    ],
    [
      'can --policy policy.csv --groups team alice sync applications shop/web',
      0,
      'yes: p, role:dev, applications, sync, shop/*, allow (policy.csv:2), as team\n',
    ],
    [
      'can --policy policy.csv --groups team alice delete applications shop/prod-web',
      1,
      'no: p, role:dev, applications, delete, shop/prod-*, deny (policy.csv:3), as team\n',
    ],
    [
      'can --policy policy.csv alice get applications shop/web',
      1,
      'no: no policy says anything about it for alice\n',
    ],
    [
      'can --policy map.yaml alice get applications shop/web',
      0,
      'yes: p, role:readonly, applications, get, */*, allow (built in), as role:readonly\n',
    ],
    [
      'can --policy policy.csv --default-role role:readonly alice get logs shop/web',
      0,
      'yes: p, role:readonly, logs, get, */*, allow (built in), as role:readonly\n',
    ],
    [
      'can --policy policy.csv --project project.yaml proj:shop:ci sync applications shop/web',
      0,
      'yes: p, proj:shop:ci, applications, sync, shop/web, allow (AppProject shop, role ci:1)\n',
    ],
    [
      'can --policy policy.csv admin delete certificates ',
      0,
      'yes: p, role:admin, certificates, delete, *, allow (built in)\n',
    ],
  ];
  for (const [line, exitCode, stdout] of answers)
    test(line, async () => {
      assert.deepEqual(await cli(line), { exitCode, stdout, stderr: '' });
    });

  test('-o json prints the decision as data', async () => {
    const line = 'can --policy - role:dev sync applications shop/web -o json';
    const { stdout } = await cli(line, CSV);
    assert.deepEqual(JSON.parse(stdout), {
      allowed: true,
      as: 'role:dev',
      rule: 'p, role:dev, applications, sync, shop/*, allow',
      origin: 'policy.csv:2',
    });
  });

  const refusals: readonly (readonly [string, RegExp])[] = [
    [
      'can --policy policy.csv alice get application shop/web',
      /application: is not a resource\nhint: Did you mean applications\?/,
    ],
    [
      'can --policy policy.csv alice restart applications shop/web',
      /restart: is not asked of applications\nhint: One of get, create/,
    ],
    ['can --policy policy.csv alice get applications', /needs SUBJECT ACTION RESOURCE OBJECT/],
    [
      'can --policy broken.csv alice get applications shop/web',
      /broken\.csv: policy\.csv:1: p needs 6 parts/,
    ],
    ['can --policy nowhere.csv alice get applications shop/web', /nowhere\.csv: cannot be read/],
    [
      'can --policy policy.csv --project map.yaml alice get logs a/b',
      /map\.yaml: holds no AppProject/,
    ],
    ['rbac check --policy policy.csv', /check: is not what rbac does/],
    ['rbac validate', /--policy FILE is missing/],
  ];
  for (const [line, expected] of refusals)
    test(`${line} is refused`, async () => {
      const { exitCode, stderr } = await cli(line);
      assert.equal(exitCode, 2);
      assert.match(stderr, expected);
    });

  test('rbac validate says valid', async () => {
    const line = 'rbac validate --policy map.yaml --project project.yaml';
    assert.deepEqual(await cli(line), { exitCode: 0, stdout: 'valid\n', stderr: '' });
  });

  test('rbac validate names each line that cannot be used', async () => {
    const { exitCode, stdout } = await cli('rbac validate --policy broken.csv');
    assert.equal(exitCode, 1);
    assert.match(
      stdout,
      /^problem: policy\.csv:1: p needs 6 parts .*\nnot valid: none of it would count\n$/,
    );
  });

  test('rbac validate warns of what does nothing', async () => {
    const { exitCode, stdout } = await cli('rbac validate --policy suspicious.csv');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^warning: policy\.csv:1: the resource aplications is none: /);
    assert.match(stdout, /\nwarning: policy\.csv:2: the action sync is not asked of logs\n/);
    assert.match(
      stdout,
      /\nwarning: role:gone: is given to somebody, but no line says what it may do\n/,
    );
  });

  test('rbac validate checks the roles of projects', async () => {
    const { exitCode, stdout } = await cli('rbac validate --project roles.yaml');
    assert.equal(exitCode, 1);
    assert.deepEqual(stdout.split('\n').slice(0, 3), [
      'problem: shop: role ci: policies:1: the subject is not proj:shop:ci',
      'problem: shop: role ci: policies:1: the resource is not one of applications, applicationsets, repositories, exec, logs, clusters',
      'problem: shop: role ci: policies:1: the object does not begin with shop/, or has odd characters',
    ]);
  });
});
