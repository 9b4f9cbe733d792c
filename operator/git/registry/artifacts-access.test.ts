import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  createClientAuthority,
  createServerCertificate,
} from '../../../e2e/controlplane/certificates.ts';
import { startForwardProxy } from '../../../e2e/controlplane/forward-proxy.ts';
import { type Registry, startRegistry, tarOf } from '../../../e2e/controlplane/registry.ts';
import { hasCode } from '../../core/errors.ts';
import { ANONYMOUS, type RepositoryAccess } from '../../core/repository/access.ts';
import type { GitRepositoriesOptions } from '../options.ts';
import { openRepositories } from '../testing/open-repositories.ts';

const signal = AbortSignal.timeout(120_000);
const NAME = 'registry.example';

describe('a registry with TLS', () => {
  const own = createServerCertificate('127.0.0.1', [NAME]);
  const authority = createClientAuthority();
  const trust = { authorities: () => own.certificate };
  let registry: Registry;
  let strict: Registry;
  before(async () => {
    registry = await startRegistry({ tls: own });
    strict = await startRegistry({ tls: { ...own, clientCa: authority.certificate } });
    for (const one of [registry, strict])
      one.push('team/web', '1.0.0', [{ content: await tarOf({ a: 'over tls' }) }]);
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await strict[Symbol.asyncDispose]();
  });

  /** Resolves a range and reads a file, as a reconcile does. */
  async function readThrough(
    url: string,
    access: Partial<RepositoryAccess>,
    options: Partial<GitRepositoriesOptions> = trust,
  ): Promise<string> {
    await using opened = await openRepositories({ ...ANONYMOUS, ...access }, options);
    const digest = await opened.repositories.resolve(url, '1.x', { fresh: true }, signal);
    const tree = await opened.repositories.tree(url, digest, {}, signal);
    return (await tree.read('a', { maxBytes: 99 }, signal)).toString();
  }
  const unreachable = (work: Promise<unknown>, message: RegExp) =>
    assert.rejects(work, (error) => {
      assert.ok(hasCode(error, 'GitUnreachable'), String(error));
      assert.match(error.message, message);
      return true;
    });
  const named = ({ host }: Registry) => `oci://${host.replace('127.0.0.1', NAME)}/team/web`;

  test('is trusted by the authority of its host, or not at all', async () => {
    const url = registry.urlOf('team/web');
    assert.equal(await readThrough(url, {}), 'over tls');
    assert.equal(await readThrough(url, { insecure: true }, {}), 'over tls');
    await unreachable(readThrough(url, {}, {}), /SELF_SIGNED|CERT/);
    const other = createServerCertificate('127.0.0.1').certificate;
    const wrong = { authorities: () => other };
    await unreachable(readThrough(url, {}, wrong), /SELF_SIGNED|CERT|SIGNATURE/);
    assert.equal(await readThrough(url, { insecure: true }, wrong), 'over tls');
  });

  test('takes a client certificate, and no other', async () => {
    const url = strict.urlOf('team/web');
    const clientCertificate = authority.issue('tiphys', []);
    assert.equal(await readThrough(url, { clientCertificate }), 'over tls');
    await unreachable(readThrough(url, {}), /ERR_|ECONN|SOCKET/);
    const stranger = createClientAuthority().issue('tiphys', []);
    await unreachable(readThrough(url, { clientCertificate: stranger }), /ERR_|ECONN|SOCKET/);
  });

  test('is reached through the proxy of its registration, with certificates, unless it is excepted', async () => {
    await using proxy = await startForwardProxy({ here: [NAME] });
    const through = (except: string) => ({ proxy: { url: proxy.url, except } });
    const clientCertificate = authority.issue('tiphys', []);
    const url = named(strict);
    assert.equal(
      await readThrough(url, { ...through('127.0.0.1'), clientCertificate }),
      'over tls',
    );
    assert.deepEqual([...new Set(proxy.asked)], [strict.host.replace('127.0.0.1', NAME)]);
    proxy.asked.length = 0;
    const direct = registry.urlOf('team/web');
    assert.equal(await readThrough(direct, through('other.example,127.0.0.1')), 'over tls');
    assert.deepEqual(proxy.asked, []);
    assert.equal(await readThrough(direct, through('other.example')), 'over tls');
    assert.deepEqual([...new Set(proxy.asked)], [registry.host]);
  });

  test('the proxy of its registration takes the place of that of the environment', async () => {
    await using proxy = await startForwardProxy({ here: [NAME] });
    const url = named(registry);
    const env = { https_proxy: proxy.url, no_proxy: '127.0.0.1' };
    assert.equal(await readThrough(url, {}, { ...trust, env }), 'over tls');
    assert.ok(proxy.asked.length > 0);
    const elsewhere = { https_proxy: 'http://127.0.0.1:1', no_proxy: NAME };
    const access = { proxy: { url: proxy.url, except: '' } };
    assert.equal(await readThrough(url, access, { ...trust, env: elsewhere }), 'over tls');
  });

  test('the proxy lets in who signs in to it, and no error shows how', async () => {
    const user = { username: 'jane', password: 'canary-of-the-proxy' };
    await using proxy = await startForwardProxy({ here: [NAME], user });
    const url = named(registry);
    const access = { proxy: { url: proxy.url, except: '' } };
    assert.equal(await readThrough(url, access), 'over tls');
    const wrong = { url: proxy.url.replace('canary', 'wrong'), except: '' };
    await assert.rejects(readThrough(url, { proxy: wrong }), (error) => {
      assert.ok(hasCode(error, 'GitUnreachable'), String(error));
      assert.doesNotMatch(error.message, /wrong-of|jane/);
      return true;
    });
  });
});
