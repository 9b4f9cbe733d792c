import { isApplicationNamespace } from '../../core/app/names.ts';
import { appKey } from '../../core/app/app-key.ts';
import { TiphysError } from '../../core/errors.ts';
import { badgeOf, type BadgeState, MISSING_BADGE, UNKNOWN_BADGE } from '../../core/health/badge.ts';
import { isJsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import type { ControlPlane } from '../control-plane.ts';
import { projectNameOf } from '../applications/find-application.ts';
import { isName } from '../projects/read-project.ts';

/** What a badge is asked for: one Application, or all of some projects. */
export interface BadgeQuestion {
  readonly name: string;
  /** Empty: the control plane's. */
  readonly namespace: string;
  readonly projects: readonly string[];
}

/**
 * What a badge says, to anybody; nothing unless the administrator has badges. Errors: `InvalidRequest` for
 * what cannot be a name.
 */
export function readBadge(
  { ports, settings }: ControlPlane,
  { name, namespace, projects }: BadgeQuestion,
): BadgeState {
  for (const [what, value] of [
    ['name', name],
    ['namespace', namespace],
    ...projects.map((project) => ['project', project] as const),
  ] as const)
    if (value !== '' && !isName(value))
      throw new TiphysError('InvalidRequest', `${what}: is no name of an object`);
  const isOn = textsOf(ports.config.configMap('argocd-cm')).get('statusbadge.enabled') === 'true';
  if (!isOn) return UNKNOWN_BADGE;
  if (name === '' && projects.length === 0) return UNKNOWN_BADGE;
  return badgeOf(found().map(statusOf)) ?? MISSING_BADGE;

  function found(): readonly KubeObject[] {
    const isOurs = (app: KubeObject) =>
      isApplicationNamespace(app.metadata.namespace ?? '', settings);
    if (name === '')
      return ports.apps
        .list()
        .filter((app) => isOurs(app) && projects.includes(projectNameOf(app)));
    const app = ports.apps.get(appKey(namespace === '' ? settings.namespace : namespace, name));
    return app !== undefined && isOurs(app) ? [app] : [];
  }
}

function statusOf(app: KubeObject) {
  return isJsonObject(app['status']) ? app['status'] : {};
}
