import { appProjectResource, defaultProject } from '../core/project/default-project.ts';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { EnginePorts } from '../engine/ports.ts';
import type { ProjectStore } from '../ports/app-store.ts';
import type { KubeClient } from '../ports/kube-client.ts';

/**
 * Makes the `default` project when it is absent, as a control plane without one could admit no
 * application. Somebody else's `default` project is never touched. May be repeated when it fails.
 *
 * Errors: what the API server says, e.g. `KubeConflict` when it is busy with others' writes.
 */
export async function ensureDefaultProject(
  client: KubeClient,
  namespace: string,
  ports: Pick<EnginePorts, 'logger'> & {
    readonly projects: Pick<ProjectStore, 'get'> & {
      /** Takes in what is there: the applications that come next must find it. */
      observe(project: KubeObject): void;
    };
  },
  signal: AbortSignal,
): Promise<void> {
  if (ports.projects.get('default') !== undefined) return;
  const address = { resource: appProjectResource, namespace, name: 'default' };
  try {
    const project = defaultProject(namespace);
    ports.projects.observe(
      await client.create(address, project, { fieldManager: 'tiphys' }, signal),
    );
    ports.logger.info({ project: 'default' }, 'default project created');
  } catch (error) {
    if (!hasCode(error, 'KubeAlreadyExists')) throw error;
    const theirs = await client.get(address, signal);
    if (theirs === undefined)
      throw new TiphysError('KubeConflict', 'AppProject default comes and goes');
    ports.projects.observe(theirs);
  }
}
