import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Registry, startRegistry, tarOf } from '../controlplane/registry.ts';
import type { TestApplication } from '../language/application.ts';
import type { SeenObject } from '../language/cluster-reader.ts';
import { type Expectation, met, pending } from '../language/expectation.ts';
import { startWorld, type World } from '../language/world.ts';
import { hostileRows, type HostileRow, LAUGHS } from './hostile/rows.ts';
import { type HostileCharts, serveHostileCharts } from './hostile/server.ts';
import { configMap, registration } from './manifests.ts';

// Every row of docs/source-security.md at once, each an Application of its own, beside a neighbour.

const signal = AbortSignal.timeout(600_000);
const PASSWORD = 'canary-4711';
/** What nobody may see: credentials, files of the machine and of the neighbour. */
const SECRETS = [
  PASSWORD,
  Buffer.from(`jane:${PASSWORD}`).toString('base64'),
  'root:x:0',
  'hunter2',
];
/** What the operator may take; docs/source-security.md says so. */
const MAX_BYTES = 700_000_000;

describe('Applications that nobody should trust, all at once', () => {
  let world: World;
  let registry: Registry;
  let charts: HostileCharts;
  let dir = '';
  let marker = '';
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tiphys-hostile-'));
    marker = join(dir, 'marker');
    registry = await startRegistry();
    charts = await serveHostileCharts(LAUGHS);
    world = await startWorld({
      signal,
      operator: [`--data-dir=${join(dir, 'data')}`, '--oci-max-extracted-size=20M'],
    });
    const plain = { type: 'oci', insecureOCIForceHttp: 'true' };
    const user = { username: 'jane', password: PASSWORD };
    const { namespace } = world;
    await world.given(
      world.applied(
        registration(namespace, 'oci', 'repo-creds', {
          url: `oci://${registry.host}`,
          ...plain,
          ...user,
        }),
        registration(namespace, 'echo', 'repository', {
          url: charts.urlOf('echo'),
          type: 'helm',
          name: 'echo',
          ...user,
        }),
        registration(namespace, 'locked', 'repository', {
          url: charts.urlOf('locked.git'),
          ...user,
        }),
      ),
    );
    registry.push('team/bomb', '1.0.0', [
      { content: await tarOf({ big: 'x'.repeat(25_000_000) }) },
    ]);
    registry.push('team/outside', '1.0.0', [
      { content: await tarOf([{ name: '../../../evil', content: 'evil' }]) },
    ]);
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
    await charts[Symbol.asyncDispose]();
    await rm(dir, { recursive: true, force: true });
  });

  const application = ({ name, repoURL, path, targetRevision, source, spec }: HostileRow) =>
    world.application(name, {
      repoURL: repoURL ?? world.git.urlOf(name),
      ...(path !== undefined && { path }),
      ...(targetRevision !== undefined && { targetRevision }),
      ...(source !== undefined && { source }),
      ...(spec !== undefined && { spec }),
      syncPolicy: true,
    });
  function ends({ condition = 'ComparisonError', says }: HostileRow, app: TestApplication) {
    if (says === 'fine') return app.isSynced();
    return condition === 'operation' ? app.operationSays(says) : app.hasCondition(condition, says);
  }

  test('end each with its own error; the neighbour goes on, and nothing is left', async () => {
    const rows = hostileRows({
      charts: charts.urlOf,
      artifact: registry.urlOf,
      locked: charts.urlOf('locked.git'),
      marker,
    });
    await world.given(world.repository('neighbour', { 'a.yaml': configMap('a', '1') }));
    const neighbour = world.application('neighbour', {
      repoURL: world.git.urlOf('neighbour'),
      syncPolicy: true,
    });
    await world.when(neighbour.created());
    await world.thenEventually(neighbour.isSynced(), neighbour.isHealthy());
    for (const { name, files } of rows)
      if (files !== undefined) await world.given(world.repository(name, files));

    const apps = rows.map((row) => ({ row, app: application(row) }));
    await world.when(world.applied(...apps.map(({ app }) => app.object)));
    await world.when(
      world.pushed('neighbour', { files: { 'a.yaml': configMap('a', '2') } }),
      neighbour.refreshed(),
    );
    const value = world.object('configmaps', 'a', neighbour.name).has('data.value', '2');
    await world.thenWithin(180_000, value, ...apps.map(({ row, app }) => ends(row, app)));

    const seen = await Promise.all(apps.map(({ app }) => app.read(signal)));
    for (const [index, { row }] of apps.entries()) tellsWhatToDo(row, seen[index]);
    const events = await world.kubectl([
      'get',
      'events',
      `--namespace=${world.namespace}`,
      '-o=json',
    ]);
    const told = { status: JSON.stringify(seen.map((one) => one?.['status'])), events };
    for (const [where, text] of Object.entries({ ...told, log: await world.operatorLog() }))
      for (const secret of SECRETS) assert.ok(!text.includes(secret), `${where} tells ${secret}`);

    assert.ok(!existsSync(marker), 'no program was started by a text');
    await world.thenEventually(nothingIsLeft);
    const peak = peakBytes(world.operatorPid() ?? 0);
    assert.ok(peak < MAX_BYTES, `the operator took ${peak} bytes`);
  });

  /** Renders of what failed are tried again now and then, so this is looked at until one has ended. */
  const nothingIsLeft: Expectation = () => {
    const children = childrenOf(world.operatorPid() ?? 0);
    const running = children.filter((command) => !command.startsWith('git cat-file --batch'));
    const files = readdirSync(join(dir, 'data'), { recursive: true, encoding: 'utf8' }).filter(
      (path) => STRAY.test(path),
    );
    const left = [...running, ...files];
    return left.length === 0 ? met('nothing is left') : pending(`left: ${left.join(', ')}`);
  };
});

/** Private folders of runs, half of a chart or an artifact, and what the archives wanted to write. */
const STRAY = /\/render\/|\/charts\/|\/git\/work\/|\/session-|evil/;

function tellsWhatToDo({ name, says, condition }: HostileRow, app: SeenObject | undefined): void {
  if (says === 'fine' || condition !== undefined) return;
  const { conditions = [] } = (app?.['status'] ?? {}) as {
    readonly conditions?: readonly { readonly message: string }[];
  };
  for (const { message } of conditions) {
    assert.match(message, /\. [A-Z][a-z]+ \S.*$/s, `${name} is told what to do`);
    assert.ok(message.length < 6_000, `${name} is told something that can be read`);
  }
}

/** The most that a process has had in memory. */
function peakBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

function childrenOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      .split(' ')
      .filter((child) => child !== '')
      .map(commandOf),
  );
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return `process ${pid}, which has just ended`;
  }
}
