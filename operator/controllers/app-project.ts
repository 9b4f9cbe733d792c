import { appProjectResource, defaultProject } from '../core/project/default-project.ts';
import { hasCode } from '../core/errors.ts';
import type { EnginePorts } from '../engine/ports.ts';
import type { KubeClient } from '../ports/kube-client.ts';

/**
 * Makes the `default` project when it is absent, as a control plane without one could admit no
 * application. Somebody else's `default` project is never touched.
 */
export async function ensureDefaultProject(
  client: KubeClient,
  namespace: string,
  ports: Pick<EnginePorts, 'projects' | 'logger'>,
  signal: AbortSignal,
): Promise<void> {
  if (ports.projects.get('default') !== undefined) return;
  const address = { resource: appProjectResource, namespace, name: 'default' };
  try {
    await client.create(address, defaultProject(namespace), { fieldManager: 'tiphys' }, signal);
    ports.logger.info({ project: 'default' }, 'default project created');
  } catch (error) {
    if (!hasCode(error, 'KubeAlreadyExists', 'KubeConflict')) throw error;
  }
}
