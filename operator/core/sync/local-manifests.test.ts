import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseApplication } from '../app/parse.ts';
import type { Project } from '../app/types.ts';
import type { JsonObject } from '../objects/json.ts';
import { parseLocalManifests, refuseLocalManifests } from './local-manifests.ts';

const object = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });

test('local manifests: objects and lists of them, in order', () => {
  const list = { apiVersion: 'v1', kind: 'List', metadata: {}, items: [object('b'), object('c')] };
  const texts = [object('a'), list].map((value) => JSON.stringify(value));
  assert.deepEqual(parseLocalManifests(texts), [object('a'), object('b'), object('c')]);
});

for (const { text, message } of [
  { text: 'kind: Secret # hunter2', message: /manifests\[1\] is not JSON$/ },
  { text: '{"kind": "hunter2"', message: /manifests\[1\] is not JSON$/ },
  { text: '"hunter2"', message: /manifests\[1\] is not an object/ },
  { text: '{"kind":"hunter2"}', message: /manifests\[1\] is not an object/ },
  {
    text: '{"apiVersion":"v1","kind":"List","metadata":{},"items":["hunter2"]}',
    message: /manifests\[1\] is not an object/,
  },
])
  test(`local manifests: ${text} is refused by its number, without its content`, () => {
    const parse = () => parseLocalManifests([JSON.stringify(object('a')), text]);
    assert.throws(parse, (error: Error) => {
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
  });

function refusalOf(project: Project['spec'], automated?: JsonObject, sync: object = {}) {
  const parsed = parseApplication({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', namespace: 'argocd' },
    spec: {
      project: 'team',
      source: { repoURL: 'https://example.com/r', path: 'app' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'web' },
      ...(automated === undefined ? {} : { syncPolicy: { automated } }),
    },
  });
  assert.equal(parsed.type, 'ok');
  const operation = { sync: { manifests: ['{}'], ...sync } };
  return refuseLocalManifests(parsed.application, operation, {
    name: 'team',
    spec: project,
  } as Project);
}
const SIGNED = /source integrity is enforced, as AppProject team does/;

test('local manifests: let pass where nobody forbids them', () => {
  assert.equal(refusalOf({}), undefined);
  assert.equal(refusalOf({ signatureKeys: [] }, { enabled: false }), undefined);
  assert.equal(refusalOf({}, {}, { dryRun: true }), undefined);
  assert.equal(refusalOf({ signatureKeys: [{ keyID: 'A' }] }, {}, { manifests: [] }), undefined);
});

test('local manifests: refused where commits are to be signed, even as a dry run', () => {
  assert.match(refusalOf({ signatureKeys: [{ keyID: 'A' }] }) ?? '', SIGNED);
  const policy = { repos: [], gpg: { mode: 'head', keys: [] } };
  const spec = { sourceIntegrity: { git: { policies: [policy] } } } as unknown as Project['spec'];
  assert.match(refusalOf(spec, undefined, { dryRun: true }) ?? '', SIGNED);
});

test('local manifests: refused where auto-sync would undo them', () => {
  assert.match(refusalOf({}, {}) ?? '', /auto-sync is enabled/);
});
