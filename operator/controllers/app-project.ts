import { appProjectResource, defaultProject } from '../core/project/default-project.ts';
import { hasCode } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { EnginePorts } from '../engine/ports.ts';
import type { ProjectStore } from '../ports/app-store.ts';
import type { KubeClient } from '../ports/kube-client.ts';

/**
 * Makes the `default` project when it is absent, as a control plane without one could admit no
 * application. Somebody else's `default` project is never touched.
 */
export async function ensureDefaultProject(
  client: KubeClient,
  namespace: string,
  ports: Pick<EnginePorts, 'logger'> & {
    readonly projects: Pick<ProjectStore, 'get'> & {
      /** Takes in what was written: the applications that come next must find it. */
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
    if (!hasCode(error, 'KubeAlreadyExists', 'KubeConflict')) throw error;
  }
}
