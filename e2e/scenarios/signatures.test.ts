import { after, before, describe, test } from 'node:test';
import { createSigningKeys, type SigningKeys } from '../controlplane/signing-keys.ts';
import { startWorld, type World } from '../language/world.ts';
import { appProject, configMap, settingsMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);

describe('a project that asks for signatures', () => {
  let world: World;
  let keys: SigningKeys;
  before(async () => {
    keys = await createSigningKeys(['tess', 'other', 'stranger'], signal);
    world = await startWorld({ signal });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await keys[Symbol.asyncDispose]();
  });

  /** A project that wants the signature of `tess`. */
  const demanding = (name: string) =>
    appProject(world.namespace, name, {
      clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
      sourceIntegrity: {
        git: {
          policies: [{ repos: [{ url: '*' }], gpg: { mode: 'head', keys: [keys.idOf('tess')] } }],
        },
      },
    });
  /** The keys that the administrator trusts. */
  const trusted = (...names: readonly string[]) =>
    world.applied(
      settingsMap(
        world.namespace,
        'argocd-gpg-keys-cm',
        Object.fromEntries(names.map((name) => [keys.idOf(name), keys.publicKeyOf(name)])),
      ),
    );
  const committed = (repository: string, by: string | undefined, value: string) =>
    keys.commit(world.git.folderOf(repository), by, { 'a.yaml': configMap('a', value) });

  test('gets nothing that is unsigned, and everything when it stops asking', async () => {
    const name = world.name('signed');
    const project = (signatureKeys: readonly object[]) =>
      appProject(world.namespace, name, {
        clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }],
        signatureKeys,
      });
    const app = world.application('signed', {
      repoURL: world.git.urlOf('unsigned'),
      path: '.',
      project: name,
      syncPolicy: true,
    });
    await world.given(
      world.repository('unsigned', { 'a.yaml': configMap('a', '1') }),
      world.applied(project([{ keyID: '4AEE18F83AFDEB23' }])),
    );
    await world.when(app.created());
    const object = world.object('configmaps', 'a', app.name);
    await world.thenEventually(
      app.hasCondition('ComparisonError', /GIT\/GPG: Failed verifying revision .*: unsigned/),
    );
    await world.thenConsistently(3_000, object.isAbsent());
    await world.when(world.applied(project([])));
    await world.thenEventually(app.isSynced(await world.git.revision('unsigned')), object.exists());
  });

  test('gets what is signed with a key that it allows and argocd-gpg-keys-cm holds, while it does', async () => {
    const project = world.name('allowed');
    const url = await world.git.createRepository('by-hand');
    const first = await committed('by-hand', 'tess', '1');
    await world.given(
      world.repository('neighbour', { 'a.yaml': configMap('a', '1') }),
      world.applied(demanding(project)),
      trusted('tess', 'other'),
    );
    const app = world.application('by-hand', { repoURL: url, project, syncPolicy: true });
    const neighbour = world.application('unasked', {
      repoURL: world.git.urlOf('neighbour'),
      syncPolicy: true,
    });
    const object = world.object('configmaps', 'a', app.name);
    await world.when(app.created(), neighbour.created());
    await world.thenEventually(app.isSynced(first), neighbour.isSynced());

    for (const [by, reason] of [
      [undefined, 'unsigned \\(key_id=\\)'],
      ['other', `signed with unallowed key \\(key_id=${keys.idOf('other')}\\)`],
      ['stranger', `signed with key not in keyring \\(key_id=${keys.idOf('stranger')}\\)`],
    ] as const) {
      const commit = await committed('by-hand', by, 'not asked for');
      await world.when(app.refreshed());
      const problem = `GIT/GPG: Failed verifying revision ${commit} by 'Tess <.*>': ${reason}`;
      await world.thenEventually(app.hasCondition('ComparisonError', new RegExp(problem)));
    }
    await world.thenConsistently(2_000, object.has('data.value', '1'));

    const second = await committed('by-hand', 'tess', '2');
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(second), object.has('data.value', '2'));

    // Nobody asks for a refresh from here on: the ConfigMap alone counts.
    await world.when(trusted('other'));
    await world.thenEventually(
      app.hasCondition('ComparisonError', /GIT\/GPG: .*: signed with key not in keyring/),
    );
    await world.when(trusted('tess', 'other'));
    await world.thenEventually(app.isSynced(second), app.hasNoConditions());
    await world.thenEventually(neighbour.isSynced(), neighbour.hasNoConditions());
  });

  test('gets a tag by the signature of the tag, whatever its commit says', async () => {
    const project = world.name('tags');
    const url = await world.git.createRepository('tagged');
    const folder = world.git.folderOf('tagged');
    const unsigned = await committed('tagged', undefined, '1');
    await keys.tag(folder, 'v1.0.0', unsigned, 'tess');
    await world.given(world.applied(demanding(project)), trusted('tess', 'other'));
    const app = world.application('tagged', {
      repoURL: url,
      project,
      targetRevision: '1.x',
      syncPolicy: true,
    });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(unsigned));

    const byTess = await committed('tagged', 'tess', '2');
    await keys.tag(folder, 'v1.1.0', byTess, 'other');
    await world.when(app.refreshed());
    await world.thenEventually(
      app.hasCondition(
        'ComparisonError',
        /GIT\/GPG: Failed verifying revision v1\.1\.0 by 'Tess <.*>': signed with unallowed key/,
      ),
    );
    await world.thenConsistently(
      2_000,
      world.object('configmaps', 'a', app.name).has('data.value', '1'),
    );
    await keys.tag(folder, 'v1.2.0', byTess, 'tess');
    await world.when(app.refreshed());
    await world.thenEventually(app.isSynced(byTess), app.hasNoConditions());
  });
});
