import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type CliFolder, createCliFolder } from './testing/cli-folder.ts';

const CANARY = 'canary-that-must-not-be-seen';
const encoded = Buffer.from(CANARY).toString('base64');

const sensitive = `apiVersion: v1
kind: ConfigMap
metadata: { name: argocd-cm }
data: { resource.sensitive.mask.annotations: token }
`;

describe('tiphys diff', () => {
  let folder: CliFolder;
  before(async () => {
    folder = await createCliFolder();
  });
  after(() => folder[Symbol.asyncDispose]());

  test('diff says 0 for equal, 1 for different, 2 for an error', async () => {
    assert.equal(
      (await folder.cli(['diff', '--desired', 'live.yaml', '--live', 'live.yaml'])).exitCode,
      0,
    );
    const changed = await folder.cli([
      'diff',
      '--desired',
      'live.yaml',
      '--live',
      'drifted.yaml',
      '-o',
      'json',
    ]);
    assert.equal(changed.exitCode, 1);
    const [entry] = JSON.parse(changed.stdout) as { status: string; changes: object[] }[];
    assert.deepEqual(entry?.changes, [{ path: 'spec.replicas', live: 3, desired: 1 }]);
    assert.equal(
      (await folder.cli(['diff', '--desired', 'absent.yaml', '--live', 'live.yaml'])).exitCode,
      2,
    );
  });

  test('diff pairs an object without a namespace only with what has no better partner', async () => {
    const configMap = (namespace: string, value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: c${namespace} }\ndata: { k: ${value} }\n`;
    await folder.write(
      'two.yaml',
      [configMap(', namespace: a', '1'), configMap(', namespace: b', '2')].join('---\n'),
    );
    const desired = [configMap('', '2'), configMap(', namespace: a', '1')].join('---\n');
    const { exitCode, stdout } = await folder.cli(
      ['diff', '--desired', '-', '--live', 'two.yaml'],
      desired,
    );
    assert.equal(exitCode, 0, stdout);
  });

  /** With the name beside what the body says of metadata. */
  const secret = (body: string) =>
    body.startsWith('metadata: { ')
      ? `apiVersion: v1\nkind: Secret\n${body.replace('{ ', '{ name: s, namespace: shop, ')}\n`
      : `apiVersion: v1\nkind: Secret\nmetadata: { name: s, namespace: shop }\n${body}\n`;
  for (const [name, body] of [
    ['data', `data: { key: ${encoded} }`],
    ['stringData', `stringData: { key: ${CANARY} }`],
    ['a wrongly typed value', `data: { key: { nested: ${CANARY} } }`],
    ['data that is no map', `data: ${CANARY}`],
    [
      'the last-applied body',
      `metadata: { annotations: { kubectl.kubernetes.io/last-applied-configuration: '{"data":{"a":"${CANARY}"}}' } }
data: { a: ${encoded} }`,
    ],
    ['a sensitive annotation', `metadata: { annotations: { token: ${CANARY} } }`],
    ['a sensitive annotation that is no text', `metadata: { annotations: { token: [${CANARY}] } }`],
  ] as const)
    for (const format of ['table', 'json', 'yaml'])
      test(`diff never shows a Secret value: ${name} as ${format}`, async () => {
        const text = secret(body);
        const other = text
          .replaceAll(CANARY, `${CANARY}-2`)
          .replaceAll(encoded, Buffer.from(`${CANARY}-2`).toString('base64'));
        await folder.write('secret-live.yaml', other);
        await folder.write('sensitive.yaml', sensitive);
        const { stdout, stderr, exitCode } = await folder.cli(
          [
            ...['diff', '--desired', '-', '--live', 'secret-live.yaml', '-o', format],
            '--settings=sensitive.yaml',
          ],
          text,
        );
        assert.notEqual(exitCode, 0);
        for (const shown of [stdout, stderr]) {
          assert.ok(!shown.includes(CANARY), shown);
          assert.ok(!shown.includes(encoded), shown);
        }
      });
});
