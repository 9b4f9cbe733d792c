import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CmpServer, startCmpServer } from '../../e2e/controlplane/cmp-server.ts';
import { filesOf } from '../../e2e/controlplane/git-repository.ts';
import { startWorld, type World } from '../../e2e/language/world.ts';

const signal = AbortSignal.timeout(300_000);
const read = (name: string) => readFile(join(import.meta.dirname, name), 'utf8');

let world: World;
let sidecar: CmpServer;
let socketDir: string;
before(async () => {
  socketDir = await mkdtemp(join(tmpdir(), 'tiphys-example-'));
  const config = await read('plugin.yaml');
  sidecar = await startCmpServer({ name: 'placeholders', config, socketDir }, signal);
  world = await startWorld({ signal, operator: [`--plugin-socket-dir=${socketDir}`] });
});
after(async () => {
  await world[Symbol.asyncDispose]();
  await sidecar[Symbol.asyncDispose]();
  await rm(socketDir, { recursive: true });
});

test('the Applications of this folder are rendered by its plugin, named and recognised', async () => {
  const url = await world.git.createRepository('shop', await filesOf(import.meta.dirname));
  const name = world.name('shop');
  const applications = [await read('named.yaml'), await read('recognised.yaml')]
    .join('---\n')
    .replaceAll('https://git.example.com/team/shop.git', url)
    .replaceAll('namespace: argocd', `namespace: ${world.namespace}`)
    .replaceAll('namespace: shop-', `namespace: ${name}-`);
  await world.kubectl(['apply', '-f', '-'], { stdin: applications });
  for (const colour of ['red', 'blue']) {
    const application = world.object('applications.argoproj.io', `shop-${colour}`, world.namespace);
    const shop = world.object('configmaps', 'shop', `${name}-${colour}`);
    await world.thenEventually(
      application.has('status.sync.status', 'Synced'),
      application.has('status.sourceType', 'Plugin'),
      shop.has('data.application', `shop-${colour}`),
      shop.has('data.colour', colour),
      shop.has('data.greeting', 'hello'),
    );
  }
  await world.kubectl(['delete', 'namespace', `${name}-red`, `${name}-blue`, '--wait=false']);
});
