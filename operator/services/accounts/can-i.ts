import type { Requester } from '../../core/access/requester.ts';
import { RESOURCES } from '../../core/access/vocabulary.ts';
import { TiphysError } from '../../core/errors.ts';
import { textsOf } from '../../core/objects/object-texts.ts';
import type { ControlPlane } from '../control-plane.ts';

export interface Question {
  readonly resource: string;
  readonly action: string;
  /** As clients name it: of an Application always with its namespace. */
  readonly object: string;
}

/** Every action that can be asked for; those about one object of an Application cannot. */
const ACTIONS: ReadonlySet<string> = new Set([
  ...Object.values(RESOURCES).flatMap(({ actions }) => actions),
  'action',
]);

/** Whether somebody may do it. Errors: `InvalidRequest` for what cannot be asked. */
export function canI(
  { ports, settings }: ControlPlane,
  requester: Requester,
  { resource, action, object }: Question,
): boolean {
  if (!Object.hasOwn(RESOURCES, resource))
    throw invalid('resource', resource, Object.keys(RESOURCES));
  if (!ACTIONS.has(action)) throw invalid('action', action, [...ACTIONS]);
  const rollbackCounts =
    textsOf(ports.config.configMap('argocd-cm')).get('server.rbac.rollback.enforce.enable') ===
    'true';
  const asked = {
    resource,
    action: action === 'rollback' && !rollbackCounts ? 'sync' : action,
    object: withoutNamespace(object, settings.namespace),
  };
  return ports.access.decide(requester.caller, asked).allowed;
}

/** Policies name what is in the namespace of the control plane without it. */
function withoutNamespace(object: string, namespace: string): string {
  const [project = '', second, ...rest] = object.split('/');
  return second === namespace && rest.length === 1 ? `${project}/${rest[0] ?? ''}` : object;
}

function invalid(field: string, given: string, known: readonly string[]): TiphysError {
  return new TiphysError('InvalidRequest', `${field}: "${given.slice(0, 100)}" is unknown`, {
    hint: `One of ${known.join(', ')}.`,
  });
}
