import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { load } from 'js-yaml';
import { type CliFolder, createCliFolder } from './testing/cli-folder.ts';

const job = (name: string, phase: string) => `apiVersion: batch/v1
kind: Job
metadata: { name: ${name}, namespace: shop }
status: { conditions: [{ type: ${phase}, status: "True", message: ${phase} it is }] }
`;
const certificate = `apiVersion: cert-manager.io/v1
kind: Certificate
metadata: { name: tls }
`;
const zone = (status: string) => `apiVersion: example.com/v1
kind: Zone
metadata: { name: zone }
status: ${status}
`;
const configMap = `apiVersion: v1
kind: ConfigMap
metadata: { name: c }
`;

describe('tiphys health', () => {
  let folder: CliFolder;
  before(async () => {
    folder = await createCliFolder();
    const jobs = [job('b', 'Failed'), certificate, job('a', 'Complete')];
    await folder.write('a.yaml', jobs.join('---\n'));
    await folder.write('b.yaml', [zone('{ phase: Running }'), configMap].join('---\n'));
    await folder.write('broken.yaml', 'kind: [');
  });
  after(() => folder[Symbol.asyncDispose]());

  const run = (args: readonly string[], stdin = '') => folder.cli(['health', ...args], stdin);

  const expected = [
    {
      file: 'a.yaml',
      apiVersion: 'batch/v1',
      kind: 'Job',
      namespace: 'shop',
      name: 'b',
      status: 'Degraded',
      message: 'Failed it is',
      rule: 'built-in batch/Job',
    },
    {
      file: 'a.yaml',
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      namespace: '',
      name: 'tls',
      status: 'Progressing',
      message: 'waiting for the certificate to be issued',
      rule: 'table cert-manager.io/Certificate',
    },
    {
      file: 'a.yaml',
      apiVersion: 'batch/v1',
      kind: 'Job',
      namespace: 'shop',
      name: 'a',
      status: 'Healthy',
      message: 'Complete it is',
      rule: 'built-in batch/Job',
    },
    {
      file: 'b.yaml',
      apiVersion: 'example.com/v1',
      kind: 'Zone',
      namespace: '',
      name: 'zone',
      status: 'Healthy',
      message: '',
      rule: 'generic',
    },
    {
      file: 'b.yaml',
      apiVersion: 'v1',
      kind: 'ConfigMap',
      namespace: '',
      name: 'c',
      status: '',
      message: '',
      rule: '',
    },
  ];

  test('prints every object with the rule that judged it, in the order of input', async () => {
    const { exitCode, stdout, stderr } = await run(['-f', 'a.yaml', '-f', 'b.yaml', '-o', 'json']);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), expected);
  });

  test('judges in the order of input', async () => {
    const { stdout } = await run(['-f', 'live.yaml', '-f', 'repo/app/role.yaml', '-o', 'json']);
    const entries = JSON.parse(stdout) as { kind: string; status: string; file: string }[];
    assert.deepEqual(
      entries.map(({ file, kind, status }) => [file, kind, status]),
      [
        ['live.yaml', 'Deployment', 'Progressing'],
        ['repo/app/role.yaml', 'ClusterRole', ''],
      ],
    );
  });

  test('takes several files behind one -f, as a shell writes a pattern', async () => {
    const { stdout } = await run(['-o', 'json', '-f', 'a.yaml', 'b.yaml']);
    assert.deepEqual(JSON.parse(stdout), expected);
    const mixed = await run(['-f', 'b.yaml', 'a.yaml', '-o', 'json', '-f', 'b.yaml']);
    const files = (JSON.parse(mixed.stdout) as { file: string }[]).map(({ file }) => file);
    assert.deepEqual([...new Set(files)], ['b.yaml', 'a.yaml']);
    assert.equal(files.at(-1), 'b.yaml');
  });

  test('reads standard input, lists flattened', async () => {
    const list = { apiVersion: 'v1', kind: 'List', items: [load(certificate), load(configMap)] };
    const { stdout } = await run(['-f', '-', '-o', 'json'], JSON.stringify(list));
    const entries = JSON.parse(stdout) as { file: string; kind: string }[];
    assert.deepEqual(
      entries.map(({ file, kind }) => [file, kind]),
      [
        ['-', 'Certificate'],
        ['-', 'ConfigMap'],
      ],
    );
  });

  test('the same as YAML and as a table', async () => {
    const yaml = await run(['-f', 'a.yaml', '-f', 'b.yaml', '-o', 'yaml']);
    assert.deepEqual(load(yaml.stdout), expected);
    const { stdout } = await run(['-f', 'a.yaml']);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
    assert.deepEqual(lines[0], ['KIND', 'NAMESPACE', 'NAME', 'STATUS', 'MESSAGE', 'RULE']);
    assert.equal(lines[1]?.at(-1), 'built-in batch/Job');
  });

  test('prints what docs/health.md shows', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/health.md'), 'utf8');
    const [, object = '', shown] = /```yaml\n(.*?)```.*?\n\n```\n(.*?)```/s.exec(page) ?? [];
    const { stdout } = await run(['-f', '-'], object);
    assert.equal(stdout, shown);
  });

  test('refuses what it cannot read, and prints nothing then', async () => {
    for (const [args, message] of [
      [[], /-f FILE is missing/],
      [['a.yaml'], /a\.yaml: is not expected before -f/],
      [['-f', 'absent.yaml'], /absent\.yaml: cannot be read/],
      [['-f', 'a.yaml', '-f', 'broken.yaml'], /broken\.yaml/],
      [['-f', 'a.yaml', '-o', 'xml'], /-o xml: is not a format/],
      [['-f', '-', '-f', '-'], /-: standard input was read already/],
    ] as const) {
      const { exitCode, stdout, stderr } = await run(args, certificate);
      assert.equal(exitCode, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, message);
    }
  });
});
