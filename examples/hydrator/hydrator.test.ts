import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { filesOf, git } from '../../e2e/controlplane/git-repository.ts';
import { type Expectation, met, pending } from '../../e2e/language/expectation.ts';
import { startWorld, type World } from '../../e2e/language/world.ts';

const signal = AbortSignal.timeout(300_000);
const WRITER = { username: 'bot', password: 'put-the-token-here' };
const NAME = 'deployments';

let world: World;
before(async () => {
  const operator = ['--hydrator', '--repo-poll-interval=1s', '--repo-poll-jitter=0'];
  world = await startWorld({ signal, operator });
});
after(() => world[Symbol.asyncDispose]());

test('the files of this folder, with the repository and names of the test', async () => {
  const files = await filesOf(join(import.meta.dirname, 'repository'));
  const reader = { username: 'reader', password: 'may-look' };
  const url = await world.git.createRepository(NAME, files, {
    credentials: reader,
    writer: WRITER,
  });
  const base = world.name('web');
  const localised = async (file: string) =>
    (await readFile(join(import.meta.dirname, file), 'utf8'))
      .replaceAll('https://git.example.com/team/deployments.git', url)
      .replaceAll('namespace: argocd', `namespace: ${world.namespace}`)
      .replaceAll('namespace: web-', `namespace: ${base}-`);
  const apply = async (text: string) => {
    await world.kubectl(['apply', '-f', '-'], { stdin: text });
  };
  const stringData = JSON.stringify({ url, ...reader });
  await apply(
    `{apiVersion: v1, kind: Secret, metadata: {name: deployments-read, namespace: ${world.namespace}, labels: {argocd.argoproj.io/secret-type: repository}}, stringData: ${stringData}}`,
  );
  for (const file of ['write.yaml', 'dev.yaml', 'prod.yaml']) await apply(await localised(file));

  const greeting = (environment: string) =>
    world.object('configmaps', 'settings', `${base}-${environment}`);
  await world.thenEventually(greeting('dev').has('data.greeting', 'hello, developers'));
  const folder = world.git.folderOf(NAME);
  const show = (what: string) => git(folder, ['show', what]);
  const shown = /```yaml\n([^]*?)```/.exec(
    await readFile(join(import.meta.dirname, 'README.md'), 'utf8'),
  );
  assert.equal(await show('environments/dev:web/manifest.yaml'), shown?.[1]);
  const main = await world.git.revision(NAME);
  const metadata: unknown = JSON.parse(await show('environments/dev:web/hydrator.metadata'));
  assert.equal((metadata as { drySha: string }).drySha, main);

  const staged: Expectation = async () => {
    const text = await show('environments/prod-next:web/manifest.yaml').catch(() => '');
    return text.includes('good day') ? met() : pending('nothing on prod-next yet');
  };
  await world.thenEventually(staged);
  await world.thenConsistently(1_000, greeting('prod').isAbsent());
  await git(folder, ['update-ref', 'refs/heads/environments/prod', 'environments/prod-next']);
  await world.thenEventually(greeting('prod').has('data.greeting', 'good day'));

  for (const environment of ['dev', 'prod'])
    await world.kubectl.try(['delete', 'namespace', `${base}-${environment}`, '--wait=false']);
});
