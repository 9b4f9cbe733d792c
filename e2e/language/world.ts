import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type GitServer, startGitServer } from '../controlplane/git-server.ts';
import type { FileChanges } from '../controlplane/git-repository.ts';
import { createKubectl, type Kubectl } from '../controlplane/kubectl.ts';
import { type SharedCluster, sharedCluster } from '../controlplane/shared.ts';
import { startSupervised, type Supervised } from '../controlplane/supervised.ts';
import { progressToStderr } from '../controlplane/tool-cache.ts';
import { resolveTool } from '../controlplane/tools.ts';
import {
  type ApplicationInput,
  APPLICATIONS,
  testApplication,
  type TestApplication,
} from './application.ts';
import { createClusterReader, type ClusterReader, type ResourceName } from './cluster-reader.ts';
import { all, consistently, eventually, type Expectation, violated } from './expectation.ts';
import { objectExpectations, type ObjectExpectations } from './object-expectations.ts';

const root = join(import.meta.dirname, '../..');

/** Something that happens in a test, when its turn comes. */
export type Step = () => Promise<unknown>;

export interface WorldOptions {
  readonly signal: AbortSignal;
  /** A cluster to use; default the shared one. It is not disposed with the world. */
  readonly cluster?: Pick<SharedCluster, 'kubeconfigPath' | 'keepLogs'>;
  /** Further arguments of `tiphys run`; `false` starts no operator. Default none. */
  readonly operator?: readonly string[] | false;
  /** The program that `startOperator` runs with Node. Default: `operator/main.ts` as it is written. */
  readonly program?: string;
  /** After a failed expectation. Default true. */
  readonly keepLogs?: boolean;
}

/**
 * All that a scenario plays with: a cluster, a control-plane namespace in it, a Git server, kubectl,
 * and an operator under test. Worlds can share a cluster: names are made unique by `name`.
 */
export interface World extends AsyncDisposable {
  readonly kubectl: Kubectl;
  readonly git: GitServer;
  readonly reader: ClusterReader;
  /** The namespace of Applications, projects and settings. */
  readonly namespace: string;
  readonly kubeconfigPath: string;
  /** A name that no other world uses. Also for namespaces that Applications deploy to. */
  name(base: string): string;
  /** An Application with a unique name; its objects go to a namespace of that name by default. */
  application(
    base: string,
    input: Omit<ApplicationInput, 'namespace'> & { readonly namespace?: string },
  ): TestApplication;
  object(resource: ResourceName, name: string, namespace?: string): ObjectExpectations;

  /** A new repository with these files; its URL is `git.urlOf(name)`. */
  repository(name: string, files: FileChanges['files']): Step;
  /** A commit on top of it. */
  pushed(name: string, changes: FileChanges): Step;
  applied(...objects: readonly object[]): Step;
  /** A merge patch by kubectl, as somebody makes it by hand. */
  edited(resource: string, name: string, namespace: string, patch: object): Step;

  /** Runs steps in order. */
  given(...steps: readonly Step[]): Promise<void>;
  when(...steps: readonly Step[]): Promise<void>;
  /** All of them become true, together, within a minute. */
  thenEventually(...expectations: readonly Expectation[]): Promise<void>;
  thenWithin(ms: number, ...expectations: readonly Expectation[]): Promise<void>;
  /** All of them stay true for that long. */
  thenConsistently(forMs: number, ...expectations: readonly Expectation[]): Promise<void>;

  /** Starts an operator, or with `server` an API server alone; several may run, under names of their own. */
  startOperator(args?: readonly string[], name?: string, command?: 'run' | 'server'): void;
  /** Ends one, gently or not, and waits until it is gone. */
  stopOperator(signal?: 'SIGTERM' | 'SIGKILL', name?: string): Promise<void>;
  operatorPid(name?: string): number | undefined;
  /** All that an operator has logged so far. */
  operatorLog(name?: string): Promise<string>;
}

const WITHIN_MS = 60_000;

/**
 * Lifetime: disposing ends the operator and the Git server and deletes the namespaces of this world;
 * a cluster that was started for it ends too. After a failed expectation the logs stay, and the
 * error says where.
 */
export async function startWorld(options: WorldOptions): Promise<World> {
  const { signal } = options;
  await using undo = new AsyncDisposableStack();
  const cluster = options.cluster ?? undo.use(await sharedCluster({ signal }));
  const { kubeconfigPath } = cluster;
  const suffix = randomBytes(3).toString('hex');
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-world-'));
  let keep = false;
  undo.defer(async () => {
    if (!keep) await rm(dir, { recursive: true, force: true });
  });
  for (const folder of ['bin', 'users', 'data', 'logs']) await mkdir(join(dir, folder));

  const kubectl = await createKubectl(kubeconfigPath, signal);
  const supervised = undo.use(await startSupervised(join(dir, 'users'), join(dir, 'data')));
  const git = undo.use(await startGitServer({ signal }));
  const reader = undo.use(await startReader(dir, kubeconfigPath, supervised, signal));
  const namespace = `tiphys-${suffix}`;
  const namespaces = new Set([namespace]);
  await installCrds(kubectl, reader, signal);
  await kubectl(['create', 'namespace', namespace]);
  // The namespaces go last to first, before the cluster; a shared cluster finishes on its own.
  undo.defer(async () => {
    if (signal.aborted || options.cluster !== undefined) return;
    await kubectl.try(['delete', 'namespace', ...namespaces, '--ignore-not-found', '--wait=false']);
  });

  const logOf = (name: string) => join(dir, 'logs', `${name}.log`);
  const operators = new Set<string>();
  const env = await operatorEnvironment(dir, signal);

  function startOperator(
    args: readonly string[] = [],
    name = 'operator',
    command: 'run' | 'server' = 'run',
  ): void {
    operators.add(name);
    supervised.start({
      name,
      program: process.execPath,
      args: [
        '--max-semi-space-size=16', // as the first line of the program has it
        options.program ?? join(root, 'operator/main.ts'),
        command,
        `--kubeconfig=${kubeconfigPath}`,
        `--namespace=${namespace}`,
        '--metrics-port=0',
        `--data-dir=${join(dir, 'data', name)}`, // goes with the world, also when it is killed
        `--plugin-socket-dir=${join(dir, 'plugins')}`, // plugins of this machine would read every source
        ...args,
      ],
      env,
      logFile: logOf(name),
    });
  }

  /** An operator that has died will never meet any expectation. */
  const operatorsLive: Expectation = async () => {
    for (const name of operators) {
      const how = supervised.endedBy(name);
      if (how === undefined) continue;
      const log = (await readFile(logOf(name), 'utf8')).trimEnd().split('\n').slice(-20);
      return violated(`${name} ended (${how}):\n${log.join('\n')}`);
    }
    return { type: 'met', seen: 'the operator runs' };
  };

  async function withLogs(check: Promise<void>): Promise<void> {
    try {
      await check;
    } catch (error) {
      if (options.keepLogs === false) throw error;
      keep = true;
      cluster.keepLogs();
      if (error instanceof Error) error.message += `\nThe logs are in ${join(dir, 'logs')}.`;
      throw error;
    }
  }

  async function inOrder(...steps: readonly Step[]): Promise<void> {
    for (const step of steps) await step();
  }

  if (options.operator !== false) startOperator(options.operator);
  const running = undo.move();
  const name = (base: string) => `${base}-${suffix}`;
  return {
    kubectl,
    git,
    reader,
    namespace,
    kubeconfigPath,
    name,
    application(base, input) {
      const destination = input.namespace ?? name(base);
      namespaces.add(destination);
      const context = { kubectl, reader, namespace };
      return testApplication(context, name(base), { ...input, namespace: destination });
    },
    object: (resource, objectName, ns) => objectExpectations(reader, resource, objectName, ns),
    repository: (repository, files) => () => git.createRepository(repository, files),
    pushed: (repository, changes) => () => git.commit(repository, changes),
    applied:
      (...objects) =>
      () =>
        kubectl.apply(...objects),
    edited: (resource, objectName, ns, patch) => () =>
      kubectl([
        ...['patch', resource, objectName, `--namespace=${ns}`, '--type=merge'],
        `--patch=${JSON.stringify(patch)}`,
      ]),
    given: inOrder,
    when: inOrder,
    thenEventually: (...asks) =>
      withLogs(eventually(all(...asks, operatorsLive), { withinMs: WITHIN_MS, signal })),
    thenWithin: (withinMs, ...asks) =>
      withLogs(eventually(all(...asks, operatorsLive), { withinMs, signal })),
    thenConsistently: (forMs, ...asks) =>
      withLogs(consistently(all(...asks, operatorsLive), { forMs, signal })),
    startOperator,
    async stopOperator(how = 'SIGTERM', which = 'operator') {
      operators.delete(which);
      await supervised.stop(which, how);
    },
    operatorPid: (which = 'operator') => supervised.pids.get(which),
    operatorLog: (which = 'operator') => readFile(logOf(which), 'utf8'),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** kubectl as a proxy on a Unix socket; ready when the socket is there. */
async function startReader(
  dir: string,
  kubeconfigPath: string,
  supervised: Supervised,
  signal: AbortSignal,
): Promise<ClusterReader> {
  const socket = join(dir, 'data', 'kubectl.sock');
  supervised.start({
    name: 'kubectl proxy',
    program: await resolveTool('kubectl', { env: process.env, log: progressToStderr, signal }),
    args: [`--kubeconfig=${kubeconfigPath}`, 'proxy', `--unix-socket=${socket}`],
    logFile: join(dir, 'logs', 'kubectl-proxy.log'),
  });
  await eventually(
    () =>
      existsSync(socket)
        ? { type: 'met', seen: 'ready' }
        : { type: 'pending', seen: 'kubectl proxy has no socket yet' },
    { withinMs: 20_000, everyMs: 20, signal },
  );
  return createClusterReader(socket);
}

async function installCrds(
  kubectl: Kubectl,
  reader: ClusterReader,
  signal: AbortSignal,
): Promise<void> {
  await kubectl([
    'apply',
    '--server-side',
    '--force-conflicts',
    `--filename=${join(root, 'crds')}`,
  ]);
  const isEstablished = (name: string) =>
    objectExpectations(
      reader,
      'customresourcedefinitions.apiextensions.k8s.io',
      name,
      undefined,
    ).matches('is established', (crd) => {
      const { conditions = [] } = (crd['status'] ?? {}) as { conditions?: Condition[] };
      return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
    });
  await eventually(all(isEstablished(APPLICATIONS), isEstablished('appprojects.argoproj.io')), {
    withinMs: 30_000,
    signal,
  });
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

/** Only what the operator needs: a PATH with the tools under their own names, and a private HOME. */
async function operatorEnvironment(
  dir: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const bin = join(dir, 'bin');
  for (const tool of ['helm', 'kubectl', 'kustomize', 'jsonnet'] as const) {
    const path = await resolveTool(tool, { env: process.env, log: progressToStderr, signal });
    await symlink(path, join(bin, tool));
  }
  const home = join(dir, 'data');
  await writeFile(join(home, '.gitconfig'), '');
  return {
    PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
    HOME: home,
    MALLOC_ARENA_MAX: '2', // as the first line of the program has it
  };
}
