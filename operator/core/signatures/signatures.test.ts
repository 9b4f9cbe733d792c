import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProjectSpec } from '../app/types.ts';
import { signatureCriteria } from './criteria.ts';
import { parseStatus, problemOf, problemsOf, type Signed, untilSealed } from './judge.ts';

const KEY = '4AEE18F83AFDEB23';
const FINGERPRINT = `5DE3E0509C47EA3CF04A42D3${KEY}`;
const URL = 'https://git.example/team/web';
const criteria = (spec: ProjectSpec) =>
  signatureCriteria({ name: 'web', namespace: 'n', spec }, { repoURL: URL });
const policy = (url: readonly string[], mode?: 'none' | 'head' | 'strict', keys = [KEY]) => ({
  repos: url.map((one) => ({ url: one })),
  gpg: { ...(mode !== undefined && { mode }), keys },
});
const policies = (...all: ReturnType<typeof policy>[]): ProjectSpec => ({
  sourceIntegrity: { git: { policies: all } },
});

describe('what a project asks of signatures', () => {
  const head = { type: 'check', mode: 'head', keys: [KEY] };
  for (const [name, spec, expected] of [
    ['nothing', {}, { type: 'none' }],
    ['an empty list of keys', { signatureKeys: [] }, { type: 'none' }],
    ['keys of the old kind', { signatureKeys: [{ keyID: KEY.toLowerCase() }] }, head],
    ['a fingerprint', policies(policy(['*'], 'head', [FINGERPRINT])), head],
    ['another repository', policies(policy(['https://other/*'], 'strict')), { type: 'none' }],
    ['a mode of none', policies(policy(['*'], 'none')), { type: 'none' }],
    ['no mode', policies(policy(['*'])), { type: 'none' }],
    [
      'an excluded repository',
      policies(policy(['*', '!https://git.example/*'], 'head')),
      { type: 'none' },
    ],
    [
      'policies before keys of the old kind',
      { signatureKeys: [{ keyID: KEY }], ...policies(policy(['nothing'], 'head')) },
      { type: 'none' },
    ],
    [
      'one policy of several',
      policies(policy(['x'], 'head'), policy([URL], 'strict')),
      { ...head, mode: 'strict' },
    ],
  ] as const satisfies readonly (readonly [string, ProjectSpec, object])[]) {
    test(`${name}: ${JSON.stringify(expected)}`, () => assert.deepEqual(criteria(spec), expected));
  }

  for (const [name, source] of [
    ['a chart of a Helm repository', { repoURL: URL, chart: 'web' }],
    ['a chart of a registry', { repoURL: 'registry.example/charts', chart: 'web' }],
    ['an artifact', { repoURL: 'OCI://registry.example/web' }],
  ] as const)
    for (const spec of [
      { signatureKeys: [{ keyID: KEY }] },
      policies(policy(['*'], 'strict')),
      policies(policy(['*']), policy(['*'])),
    ])
      test(`nothing is asked of ${name}, whose content is no commit: ${JSON.stringify(spec)}`, () => {
        const project = { name: 'web', namespace: 'n', spec };
        assert.deepEqual(signatureCriteria(project, source), { type: 'none' });
      });

  test('a source whose chart is empty is one of Git', () => {
    const project = { name: 'web', namespace: 'n', spec: { signatureKeys: [{ keyID: KEY }] } };
    assert.deepEqual(signatureCriteria(project, { repoURL: URL, chart: '' }), head);
  });

  test('two policies for one repository contradict each other, whatever they say', () => {
    const found = criteria(policies(policy(['*'], 'none'), policy([URL], 'none')));
    assert.equal(found.type, 'contradiction');
  });
});

describe('what is wrong with a signature', () => {
  const signed = (changes: Partial<Signed>): Signed => ({
    kind: 'commit',
    revision: 'abc',
    author: 'Tess <t@x>',
    code: 'G',
    keyId: KEY,
    fingerprints: [],
    ...changes,
  });
  for (const [code, reason] of [
    ['B', 'bad signature'],
    ['N', 'unsigned'],
    ['U', 'signed with untrusted key'],
    ['X', 'expired signature'],
    ['Y', 'signed with expired key'],
    ['R', 'signed with revoked key'],
    ['E', 'signed with key not in keyring'],
  ] as const) {
    test(`${code} is told as ${reason}`, () => {
      assert.equal(
        problemOf(signed({ code }), [KEY]),
        `Failed verifying revision abc by 'Tess <t@x>': ${reason} (key_id=${KEY})`,
      );
    });
  }

  test('a good one of another key is told, of an allowed key or its subkey not', () => {
    assert.match(problemOf(signed({}), ['0'.repeat(16)]) ?? '', /signed with unallowed key/);
    assert.match(problemOf(signed({}), []) ?? '', /signed with unallowed key/);
    assert.equal(problemOf(signed({}), [KEY]), undefined);
    const subkey = signed({ keyId: 'F'.repeat(16), fingerprints: [FINGERPRINT] });
    assert.equal(problemOf(subkey, [KEY]), undefined);
  });

  test('of many, each key is told once, each unsigned one, and ten at most', () => {
    const bad = Array.from({ length: 5 }, () => signed({ code: 'B' }));
    const none = Array.from({ length: 20 }, () => signed({ code: 'N', keyId: '' }));
    assert.equal(problemsOf(bad, [KEY]).length, 1);
    assert.equal(problemsOf([...bad, ...none], [KEY]).length, 10);
  });

  test('two signatures on one tag are none', () => {
    const good = `[GNUPG:] GOODSIG ${KEY} x\n[GNUPG:] VALIDSIG ${FINGERPRINT} 2026 1 0 4 0 1 8 00 ${FINGERPRINT}`;
    assert.deepEqual(parseStatus(good), {
      code: 'G',
      keyId: KEY,
      fingerprints: [FINGERPRINT, FINGERPRINT],
    });
    assert.equal(parseStatus(`${good}\n[GNUPG:] BADSIG ${KEY} x`).code, 'B');
    assert.equal(parseStatus('GOODSIG says the text').code, 'N');
  });

  test('a history ends at good seals, but not on the ways around them', () => {
    const history = [
      { commit: 'head', parents: ['seal', 'side'], seal: false },
      { commit: 'side', parents: ['old'], seal: false },
      { commit: 'seal', parents: ['before'], seal: true },
      { commit: 'before', parents: ['old'], seal: false },
      { commit: 'old', parents: [], seal: false },
    ];
    const walked = (good: readonly string[]) =>
      [...untilSealed(history, 'head', new Set(good))].sort();
    assert.deepEqual(walked(['seal']), ['head', 'old', 'seal', 'side']);
    assert.deepEqual(walked([]), ['before', 'head', 'old', 'seal', 'side']);
  });
});
