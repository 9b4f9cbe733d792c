import type { Requester } from '../../core/access/requester.ts';
import { TiphysError } from '../../core/errors.ts';
import { resourceKey } from '../../core/objects/kube-object.ts';
import { itemsOf, textOf } from '../../core/tree/parts.ts';
import type { ExecRequest, ExecSession } from '../../ports/kube-client.ts';
import { type ApplicationName, findApplication } from '../applications/find-application.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { findResource } from '../resources/find-resource.ts';
import { isSwitchedOn, listSetting } from '../setting.ts';

export interface TerminalRequest {
  readonly app: ApplicationName;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A container that somebody may run commands in. */
export interface Terminal {
  /** Shells to try, in this order. */
  readonly shells: readonly string[];
  /** Begins a shell. Errors: `KubeRejected`. */
  start(
    shell: string,
    onOutput: ExecRequest['onOutput'],
    signal: AbortSignal,
  ): Promise<ExecSession>;
}

const DEFAULT_SHELLS = ['bash', 'sh', 'powershell', 'cmd'];
/** A name of Kubernetes. */
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

/**
 * A terminal in a container of an Application, for whoever may see it and has `exec, create` on it. The
 * shell is begun with the identity that syncs of the Application have.
 *
 * Errors: `NotFound` when terminals are off (`exec.enabled`); `InvalidRequest` for names that are none, a Pod
 * that is not in the tree, a container that the Pod does not have; `PermissionDenied`; as `findApplication`.
 */
export async function openTerminal(
  controlPlane: ControlPlane,
  requester: Requester,
  { app, namespace, pod, container }: TerminalRequest,
  signal: AbortSignal,
): Promise<Terminal> {
  const { config, logger } = controlPlane.ports;
  for (const [what, name] of Object.entries({ pod, container, appName: app.name, namespace }))
    if (!NAME.test(name)) throw new TiphysError('InvalidRequest', `${what}: is no name`);
  await recheckTerminal(controlPlane, requester, { app }, signal);
  const resource = { group: '', version: 'v1', kind: 'Pod', namespace, name: pod };
  const options = { action: 'get' };
  const found = await findResource(controlPlane, requester, { app, resource, options }, signal);
  const spec = found.deployed.objects.get(resourceKey(resource))?.['spec'];
  const containers = ['containers', 'initContainers', 'ephemeralContainers'];
  const names = containers.flatMap((list) => itemsOf(spec, list).map((one) => textOf(one, 'name')));
  if (!names.includes(container))
    throw new TiphysError('InvalidRequest', `Pod ${pod} has no container ${container}`);
  const shells = listSetting(config, 'exec.shells');
  return {
    shells: shells.length === 0 ? DEFAULT_SHELLS : shells,
    async start(shell, onOutput, stop) {
      const request = { container, command: [shell], onOutput };
      const session = await found.cluster.client.exec(found.address, request, stop);
      const subject = requester.caller?.subject ?? '';
      logger.info({ subject, app: app.name, namespace, pod, container, shell }, 'terminal');
      return session;
    },
  };
}

/** Asked again with everything that is typed. Errors: `PermissionDenied`, `NotFound`, and as `findApplication`. */
export async function recheckTerminal(
  controlPlane: ControlPlane,
  requester: Requester,
  { app }: Pick<TerminalRequest, 'app'>,
  signal: AbortSignal,
): Promise<void> {
  const { ports } = controlPlane;
  if (!isEnabled(controlPlane)) throw new TiphysError('NotFound', 'terminals are not enabled');
  const found = await findApplication(controlPlane, requester, app, { action: 'get' }, signal);
  enforce(requester, { resource: 'exec', action: 'create', object: found.object }, ports.access);
}

const isEnabled = ({ ports }: ControlPlane): boolean => isSwitchedOn(ports.config, 'exec.enabled');
