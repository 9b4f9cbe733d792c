import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { startWorld, type World } from '../language/world.ts';

const signal = AbortSignal.timeout(300_000);

describe('keys of a Secret', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
  });
  after(() => world[Symbol.asyncDispose]());

  const secret = (rest: object) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, ...rest });

  test('one that was dropped from stringData or data goes; one of somebody else stays', async () => {
    const both = { stringData: { plain: 'p', gone: 'g' }, data: { coded: 'Yw==', lost: 'bA==' } };
    await world.given(world.repository('keys', { 'keys.json': secret(both) }));
    const app = world.application('keys', { repoURL: world.git.urlOf('keys'), syncPolicy: true });
    await world.when(app.created());
    await world.thenEventually(app.isSynced(), app.operationSucceeded());
    const object = world.object('secrets', 'keys', app.name);
    await world.kubectl([
      ...['patch', 'secret', 'keys', '-n', app.name, '--field-manager=other'],
      '-p={"stringData":{"theirs":"t"}}',
    ]);
    const rest = { stringData: { plain: 'p' }, data: { coded: 'Yw==' } };
    await world.when(
      world.pushed('keys', { files: { 'keys.json': secret(rest) } }),
      app.refreshed(),
    );
    await world.thenEventually(
      object.matches('has three keys', ({ data }) =>
        isDeepStrictEqual(data, { coded: 'Yw==', plain: 'cA==', theirs: 'dA==' }),
      ),
      app.isSynced(),
    );
  });
});
