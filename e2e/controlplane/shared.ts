import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { addUser, type ControlPlane, startControlPlane } from './control-plane.ts';
import type { Environment } from './tool-cache.ts';

/** Names the file that `describeControlPlane` wrote; set for the test processes of one run. */
export const SHARED_CLUSTER_VARIABLE = 'TIPHYS_E2E_CLUSTER';

/** Names the kubeconfig of a cluster that is given on purpose, with rights to do everything. */
export const EXISTING_CLUSTER_VARIABLE = 'E2E_KUBECONFIG';

/** A cluster that others may use at the same time: keep to namespaces of your own. */
export interface SharedCluster extends AsyncDisposable {
  readonly kubeconfigPath: string;
  readonly kubeconfig: string;
  /** Whose it is decides what disposing does: only one's `own` ends. */
  readonly origin: 'own' | 'run' | 'existing';
  /** Present unless the cluster is an `existing` one, where users cannot be made up. */
  readonly user: ControlPlane['user'] | undefined;
  /** Says where the logs are, and keeps them when the cluster is one's own. */
  keepLogs(): void;
}

export interface SharedClusterOptions {
  readonly signal: AbortSignal;
  /** Default: the environment of this process. */
  readonly env?: Environment;
}

/**
 * The cluster of a test file: the one named by `E2E_KUBECONFIG`, else the one that the run of all
 * tests has started for everybody, else one of its own when the file is run alone.
 */
export async function sharedCluster({
  signal,
  env = process.env,
}: SharedClusterOptions): Promise<SharedCluster> {
  const existing = env[EXISTING_CLUSTER_VARIABLE];
  if (existing !== undefined && existing !== '') return existingCluster(existing);
  const description = env[SHARED_CLUSTER_VARIABLE];
  if (description !== undefined && description !== '') return clusterOfTheRun(description);
  const plane = await startControlPlane({ signal, env });
  return {
    origin: 'own',
    kubeconfigPath: plane.kubeconfigPath,
    kubeconfig: plane.kubeconfig,
    user: (name, groups) => plane.user(name, groups),
    keepLogs: () => plane.keepLogs(),
    [Symbol.asyncDispose]: () => plane[Symbol.asyncDispose](),
  };
}

type Description = Pick<ControlPlane, 'server' | 'ca' | 'dir' | 'kubeconfigPath' | 'logs'>;

/** Writes what other processes need to use this control plane; returns the path of the file. */
export async function describeControlPlane(plane: ControlPlane): Promise<string> {
  const { server, ca, dir, kubeconfigPath, logs } = plane;
  const description: Description = { server, ca, dir, kubeconfigPath, logs };
  const path = join(dir, 'shared.json');
  await writeFile(path, JSON.stringify(description));
  return path;
}

async function clusterOfTheRun(path: string): Promise<SharedCluster> {
  const at = JSON.parse(await readFile(path, 'utf8')) as Description;
  return {
    origin: 'run',
    kubeconfigPath: at.kubeconfigPath,
    kubeconfig: await readFile(at.kubeconfigPath, 'utf8'),
    user: (name, groups = []) => addUser(at, name, groups),
    keepLogs: () => void process.stderr.write(`the logs of the control plane are in ${at.logs}\n`),
    async [Symbol.asyncDispose]() {},
  };
}

async function existingCluster(kubeconfigPath: string): Promise<SharedCluster> {
  return {
    origin: 'existing',
    kubeconfigPath,
    kubeconfig: await readFile(kubeconfigPath, 'utf8'),
    user: undefined,
    keepLogs: () => {},
    async [Symbol.asyncDispose]() {},
  };
}
