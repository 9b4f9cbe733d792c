import { join } from 'node:path';
import { startControlPlane } from '../controlplane/control-plane.ts';
import { startWorld, type World } from '../language/world.ts';
import { allSynced, type ClusterClient, createClusterClient } from './cluster-client.ts';
import { createWorkload, type Workload } from './workload.ts';

/** Where the objects of the workload go. */
export const NAMESPACE = 'bench';

export interface SyncedWorld {
  readonly world: World;
  readonly client: ClusterClient;
  readonly workload: Workload;
  /** Of the repository. */
  readonly url: string;
  /** Path of the Applications on the API server. */
  readonly collection: string;
}

/** A control plane of its own with so many Applications, all Synced, and an operator with these arguments. What it opens goes with `stack`. */
export async function startSyncedWorld(
  {
    applications,
    operator,
  }: { readonly applications: number; readonly operator: readonly string[] },
  say: (line: string) => void,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<SyncedWorld> {
  const cluster = stack.use(await startControlPlane({ signal }));
  const program = join(import.meta.dirname, '../../dist/main.js');
  const world = stack.use(await startWorld({ signal, cluster, operator, program }));
  const client = stack.use(createClusterClient({ ...cluster, token: cluster.adminToken }));
  const workload = createWorkload(applications);
  const url = await world.git.createRepository('bench', workload.files());
  await world.kubectl(['create', 'namespace', NAMESPACE]);
  const collection = `/apis/argoproj.io/v1alpha1/namespaces/${world.namespace}/applications`;
  await world.thenEventually(
    world.object('appprojects.argoproj.io', 'default', world.namespace).exists(),
  );
  for (const name of workload.names)
    await client.call(
      'POST',
      collection,
      workload.application(name, url, world.namespace, NAMESPACE),
    );
  await allSynced(client, collection, signal);
  say(`${applications} applications are synced`);
  return { world, client, workload, url, collection };
}
