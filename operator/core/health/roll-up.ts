import type { HealthStatusCode } from '../app/types.ts';
import type { KubeObject, ResourceId } from '../objects/kube-object.ts';
import { isWorse } from './worse-of.ts';

/** One object of an application as the roll-up sees it. */
export interface HealthInput {
  readonly id: ResourceId;
  readonly hook: boolean;
  readonly live: KubeObject | undefined;
  readonly health:
    | { readonly status: HealthStatusCode; readonly message?: string | undefined }
    | undefined;
  /** The application's own object, when it manages itself. */
  readonly isSelf: boolean;
}

export interface RolledUpHealth {
  readonly status: HealthStatusCode;
  readonly message?: string;
}

const IGNORE = 'argocd.argoproj.io/ignore-healthcheck';
const NAMED = 3;

/**
 * The health of an application: that of its worst object. Hooks, ignored objects and the
 * application itself do not count; an object that is missing does not count either, unless all are.
 */
export function rollUpHealth(resources: readonly HealthInput[]): RolledUpHealth {
  const counted = resources.filter(({ hook }) => !hook);
  if (counted.length === 0) return { status: 'Healthy' };
  if (counted.every(({ live }) => live === undefined)) return { status: 'Missing' };
  let worst: HealthStatusCode = 'Healthy';
  let causes: ResourceId[] = [];
  for (const { id, live, health, isSelf } of counted) {
    if (live === undefined || health === undefined || isSelf) continue;
    if (live.metadata.annotations?.[IGNORE] === 'true') continue;
    if (isChild(id) && (health.status === 'Missing' || health.status === 'Unknown')) continue;
    if (isWorse(health.status, worst)) {
      worst = health.status;
      causes = [];
    }
    if (health.status === worst && worst !== 'Healthy') causes.push(id);
  }
  return worst === 'Healthy' ? { status: worst } : { status: worst, message: describe(causes) };
}

const isChild = ({ group, kind }: ResourceId): boolean =>
  group === 'argoproj.io' && kind === 'Application';

function describe(causes: readonly ResourceId[]): string {
  const names = causes.slice(0, NAMED).map(({ group, kind, namespace, name }) => {
    const what = group === '' ? kind : `${group}/${kind}`;
    return `${what}:${namespace === '' ? name : `${namespace}/${name}`}`;
  });
  const more = causes.length - names.length;
  return `Caused by ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
