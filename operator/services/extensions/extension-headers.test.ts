import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NOBODY } from '../../core/access/requester.ts';
import type { Application } from '../../core/app/types.ts';
import { answerHeaders, extensionHeaders } from './extension-headers.ts';

const app = {
  metadata: { name: 'shop', namespace: 'argocd' },
  spec: { project: 'team' },
} as unknown as Application;
const cluster = { name: 'here', server: 'https://here', project: undefined, labels: {} };
const requester = {
  ...NOBODY,
  username: 'jane@example.com',
  caller: { subject: 'jane', groups: ['dev', 'a,admins', 'b\r\nx: y', 'ops'] },
};

describe('what a service of an extension is told', () => {
  test('is who asks for what, whatever the client says of it', () => {
    const sent = {
      ...{ cookie: 'argocd.token=a.b.c', authorization: 'Bearer a.b.c', token: 'a.b.c' },
      ...{ 'argocd-username': 'admin', 'argocd-user-groups': 'admins', 'argocd-new-thing': 'x' },
      ...{ 'x-mine': 'stays', 'x-of-the-connection': 'goes', host: 'api' },
      connection: 'close, X-Of-The-Connection',
    };
    assert.deepEqual(extensionHeaders(sent, [], { app, cluster, requester }), {
      'x-mine': 'stays',
      'argocd-application-name': 'argocd:shop',
      'argocd-project-name': 'team',
      'argocd-target-cluster-name': 'here',
      'argocd-target-cluster-url': 'https://here',
      'argocd-username': 'jane@example.com',
      'argocd-user-groups': 'dev,ops',
    });
  });

  test('is what the settings add too, which wins, but not under our names', () => {
    const added = [
      { name: 'x-key', value: 'of the settings' },
      { name: 'argocd-username', value: 'admin' },
    ];
    const told = extensionHeaders({ 'x-key': 'of the client' }, added, {
      ...{ app, cluster, requester },
    });
    assert.equal(told['x-key'], 'of the settings');
    assert.equal(told['argocd-username'], 'jane@example.com');
  });
});

test('what a service answers sets no cookie and loosens nothing', () => {
  const headers = {
    ...{ 'set-cookie': ['argocd.token=x'], 'access-control-allow-origin': '*', 'x-own': 'kept' },
    ...{ 'content-type': 'text/html', 'content-security-policy': '', 'keep-alive': 'timeout=5' },
  };
  assert.deepEqual(answerHeaders(headers), { 'x-own': 'kept', 'content-type': 'text/html' });
});
