import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { encodeText, textsOf } from '../core/objects/object-texts.ts';
import { silentLogger } from '../live/testing/silent-logger.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import { createVirtualClock } from '../runtime/clock.ts';
import { problemOfPair } from '../runtime/key-pair.ts';
import { ensureSecrets } from './ensure-secrets.ts';

const { signal } = new AbortController();
type Texts = Readonly<Record<string, string>>;

interface Given {
  readonly main?: Texts;
  readonly initial?: Texts;
  readonly config?: Texts;
  readonly needsCertificate?: boolean;
  /** Somebody writes in the middle of the first so many attempts. */
  readonly conflicts?: number;
}

/** Runs it against Secrets in memory; what there is afterwards. */
async function ensured({ main, initial, config = {}, ...given }: Given = {}) {
  const secrets = new Map<string, KubeObject>();
  const dataOf = (texts: Texts) =>
    Object.fromEntries(Object.entries(texts).map(([key, text]) => [key, encodeText(text)]));
  const put = (name: string, texts: Texts | undefined) => {
    if (texts === undefined) return;
    const metadata = { name, namespace: 'argocd', resourceVersion: '1' };
    secrets.set(name, { apiVersion: 'v1', kind: 'Secret', metadata, data: dataOf(texts) });
  };
  put('argocd-secret', main);
  put('argocd-initial-admin-secret', initial);
  let { conflicts = 0 } = given;
  const observed: KubeObject[] = [];
  const refuseOnce = (): void => {
    conflicts -= 1;
    if (conflicts >= 0) throw new TiphysError('KubeConflict', 'somebody else wrote');
  };
  const client = {
    get: async ({ name }: { readonly name: string }) => secrets.get(name),
    async create({ name }: { readonly name: string }, object: KubeObject) {
      if (secrets.has(name)) throw new TiphysError('KubeAlreadyExists', name);
      if (name === 'argocd-secret') refuseOnce();
      secrets.set(name, object);
      return object;
    },
    async patch({ name }: { readonly name: string }, patch: Pick<KubeObject, 'metadata' | 'data'>) {
      refuseOnce();
      const before = secrets.get(name);
      assert.equal(patch.metadata.resourceVersion, before?.metadata.resourceVersion);
      const data = { ...Object(before?.['data']), ...Object(patch['data']) };
      const metadata = { ...before?.metadata, ...patch.metadata };
      const after = { ...before, metadata, data } as unknown as KubeObject;
      secrets.set(name, after);
      return after;
    },
  } as unknown as KubeClient;
  const map: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c' },
    data: config,
  };
  await ensureSecrets(
    {
      ...{
        client,
        namespace: 'argocd',
        clock: createVirtualClock(Date.UTC(2030, 0, 2, 3, 4, 5, 678)),
      },
      config: { configMap: () => map, observe: (object) => void observed.push(object) },
      passwords: {
        hash: async (password) => `hash of ${password}`,
        isAllowed: () => true,
        matches: async () => false,
      },
      needsCertificate: () => given.needsCertificate === true,
      logger: silentLogger,
    },
    signal,
  );
  const texts = (name: string): Texts | undefined => {
    const found = secrets.get(name);
    return found && Object.fromEntries(textsOf(found));
  };
  return {
    observed,
    labels: secrets.get('argocd-secret')?.metadata.labels,
    main: texts('argocd-secret') ?? {},
    initial: texts('argocd-initial-admin-secret'),
  };
}

const WHOLE = {
  'server.secretkey': 'key',
  'admin.password': 'hash',
  'admin.passwordMtime': 'then',
};

describe('what a first start makes', () => {
  test('is a key of 32 bytes, and a password whose hash is kept where it counts', async () => {
    const { main, initial, observed, labels } = await ensured();
    assert.equal(Buffer.from(main['server.secretkey'] ?? '', 'base64').length, 32);
    assert.deepEqual(Object.keys(initial ?? {}), ['password']);
    assert.match(initial?.['password'] ?? '', /^[0-9A-Za-z-]{16}$/);
    assert.equal(main['admin.password'], `hash of ${initial?.['password']}`);
    // Whole seconds, as tokens have them: who signs in at once is not older than the password.
    assert.equal(main['admin.passwordMtime'], '2030-01-02T03:04:05Z');
    assert.equal(labels?.['app.kubernetes.io/part-of'], 'argocd');
    assert.equal(observed.length, 1);
    const again = await ensured();
    assert.notEqual(again.main['server.secretkey'], main['server.secretkey']);
    assert.notEqual(again.initial?.['password'], initial?.['password']);
  });

  test('is what is missing, and leaves what is there', async () => {
    const there = { ...WHOLE, 'webhook.github.secret': 'theirs' };
    const whole = await ensured({ main: there });
    assert.deepEqual([whole.main, whole.initial], [there, undefined]);
    assert.equal(whole.labels?.['app.kubernetes.io/part-of'], 'argocd');
    const { 'server.secretkey': _key, ...keyless } = there;
    const { main, initial } = await ensured({ main: keyless });
    assert.deepEqual({ ...main, 'server.secretkey': '' }, { ...there, 'server.secretkey': '' });
    assert.equal(initial, undefined);
  });

  test('takes the password that another server, or an earlier start, has kept already', async () => {
    const { main, initial } = await ensured({ initial: { password: 'kept before' } });
    assert.deepEqual(initial, { password: 'kept before' });
    assert.equal(main['admin.password'], 'hash of kept before');
    await assert.rejects(ensured({ initial: { other: 'x' } }), {
      code: 'InvalidConfig',
      message: /argocd-initial-admin-secret: has no key password/,
    });
  });

  test('is no password where admin is disabled', async () => {
    const { main, initial } = await ensured({ config: { 'admin.enabled': 'false' } });
    assert.deepEqual([Object.keys(main), initial], [['server.secretkey'], undefined]);
  });

  test('is a certificate where TLS needs one, but not half of a pair', async () => {
    const { main } = await ensured({ main: WHOLE, needsCertificate: true });
    const pair = { certificate: main['tls.crt'] ?? '', key: main['tls.key'] ?? '' };
    assert.equal(problemOfPair(pair), undefined);
    const half = await ensured({ main: { ...WHOLE, 'tls.key': 'x' }, needsCertificate: true });
    assert.deepEqual([half.main['tls.crt'], half.main['tls.key']], [undefined, 'x']);
  });

  test('is written once more when somebody else wrote meanwhile, and not for ever', async () => {
    for (const main of [undefined, {}]) {
      const { main: made } = await ensured({ ...(main && { main }), conflicts: 3 });
      assert.equal(made['admin.passwordMtime'], '2030-01-02T03:04:05Z');
    }
    await assert.rejects(ensured({ conflicts: 1_000 }), { code: 'KubeConflict' });
  });
});
