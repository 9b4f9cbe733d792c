import { isJsonArray } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { KindActions } from './action.ts';
import { annotated, annotationOf, mapIn, patchOf, statusOf, withStatus } from './edit.ts';
import { PAUSE_ICON, RESUME_ICON } from './pausing.ts';
import { RESTARTED_AT } from './restart.ts';

const RELOADED_AT = 'cnpg.io/reloadedAt';
const HIBERNATION = 'cnpg.io/hibernation';
/** In place of the name of an instance: a healthy standby, whichever. */
const ANY = 'any';

/** CloudNativePG. What its kubectl plugin does, by the fields that the plugin sets. */
export const cnpgCluster: KindActions = {
  project: 'CloudNativePG',
  docs: 'https://cloudnative-pg.io/documentation/current/kubectl-plugin/',
  group: 'postgresql.cnpg.io',
  kinds: ['Cluster'],
  actions: [
    {
      name: 'restart',
      displayName: 'Restart',
      iconClass: 'fa fa-fw fa-redo',
      does: `sets the annotation \`${RESTARTED_AT}\` to the time: instances restart one by one`,
      plan: (object, { now }) => patchOf(annotated(object, { [RESTARTED_AT]: now })),
    },
    {
      name: 'reload',
      displayName: 'Reload',
      iconClass: 'fa fa-fw fa-sync-alt',
      does: `sets the annotation \`${RELOADED_AT}\` to the time: the configuration is read again`,
      plan: (object, { now }) =>
        patchOf(annotated(object, { [RELOADED_AT]: withMicroseconds(now) })),
    },
    {
      name: 'promote',
      displayName: 'Promote',
      iconClass: 'fa fa-fw fa-angle-double-up',
      params: [
        {
          name: 'instance',
          problem: (value, object) =>
            value === ANY || standbys(object).includes(value)
              ? undefined
              : `is not a standby; standbys are ${standbys(object).join(', ')} (or \`${ANY}\`)`,
        },
      ],
      does: `makes \`instance\` the primary, or with \`${ANY}\` a healthy standby: sets \`status.targetPrimary\`, its time, phase and reason`,
      refusal: promotionRefusal,
      plan: (object, { now, parameters }) => {
        const asked = parameters['instance'] ?? '';
        const targetPrimary = asked === ANY ? (bestStandby(object) ?? '') : asked;
        return patchOf(
          withStatus(object, {
            targetPrimary,
            targetPrimaryTimestamp: withMicroseconds(now),
            phase: 'Switchover in progress',
            phaseReason: `Switching over to ${targetPrimary}`,
          }),
        );
      },
    },
    {
      name: 'suspend',
      displayName: 'Suspend',
      iconClass: PAUSE_ICON,
      does: `sets the annotation \`${HIBERNATION}\` to on: no instance runs, volumes stay`,
      refusal: (object) => (isHibernated(object) ? 'it is hibernated already' : undefined),
      plan: (object) => patchOf(annotated(object, { [HIBERNATION]: 'on' })),
    },
    {
      name: 'resume',
      displayName: 'Resume',
      iconClass: RESUME_ICON,
      does: `sets the annotation \`${HIBERNATION}\` to off`,
      refusal: (object) => (isHibernated(object) ? undefined : 'it is not hibernated'),
      plan: (object) =>
        patchOf(isHibernated(object) ? annotated(object, { [HIBERNATION]: 'off' }) : object),
    },
  ],
};

/** The operator reads times with exactly six digits after the seconds. */
const withMicroseconds = (time: string): string => time.replace(/Z$/, '.000000Z');

const isHibernated = (object: KubeObject): boolean => annotationOf(object, HIBERNATION) === 'on';

function textsIn(value: unknown): readonly string[] {
  return isJsonArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function standbys(object: KubeObject): readonly string[] {
  const { instanceNames, currentPrimary } = statusOf(object);
  return textsIn(instanceNames).filter((name) => name !== currentPrimary);
}

function bestStandby(object: KubeObject): string | undefined {
  const healthy = textsIn(mapIn(statusOf(object), 'instancesStatus')['healthy']);
  return standbys(object).find((name) => healthy.includes(name));
}

function promotionRefusal(object: KubeObject): string | undefined {
  if (isHibernated(object)) return 'it is hibernated';
  const { currentPrimary, targetPrimary } = statusOf(object);
  if (typeof currentPrimary !== 'string' || currentPrimary === '') return 'it has no primary yet';
  if (targetPrimary !== undefined && targetPrimary !== currentPrimary)
    return 'a switchover is under way';
  return bestStandby(object) === undefined ? 'it has no healthy standby' : undefined;
}
