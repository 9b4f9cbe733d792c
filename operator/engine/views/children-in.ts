import { itemsOf, partOf, textOf } from '../../core/tree/parts.ts';
import { groupOf, idOf, type KubeObject, resourceKey } from '../../core/objects/kube-object.ts';
import type { LiveState } from '../../ports/live-state.ts';

type Held = Pick<LiveState, 'get' | 'inNamespace' | 'ownedBy'>;

/**
 * What belongs to an object: what names it as owner, and what only its name tells (`spec/controller.md` 3):
 * the Endpoints of a Service, the tokens of a ServiceAccount, the claims of a StatefulSet.
 */
export function childrenIn(live: Held, object: KubeObject): readonly KubeObject[] {
  const { uid = '' } = object.metadata;
  const owned = uid === '' ? [] : live.ownedBy(uid).filter((child) => isOwnedBy(child, object));
  const inferred = inferredIn(live, object).filter(isWithoutOwner);
  return inferred.length === 0 ? owned : [...owned, ...inferred];
}

/** A uid alone could be a lie: kind and name must be those of the owner too. */
function isOwnedBy(child: KubeObject, owner: KubeObject): boolean {
  const { group, kind, name } = idOf(owner);
  return (child.metadata.ownerReferences ?? []).some(
    (reference) =>
      reference.uid === owner.metadata.uid &&
      reference.kind === kind &&
      reference.name === name &&
      groupOf(reference.apiVersion) === group,
  );
}

const isWithoutOwner = ({ metadata }: KubeObject): boolean =>
  (metadata.ownerReferences ?? []).length === 0;

function inferredIn(live: Held, object: KubeObject): readonly KubeObject[] {
  const { group, kind, namespace, name } = idOf(object);
  switch (`${group}/${kind}`) {
    case '/Service': {
      const endpoints = live.get(resourceKey({ group: '', kind: 'Endpoints', namespace, name }));
      return endpoints === undefined ? [] : [endpoints];
    }
    case '/ServiceAccount':
      return live.inNamespace(namespace).filter((other) => isTokenOf(other, name));
    case 'apps/StatefulSet':
      return claimsOf(live, object);
    default:
      return [];
  }
}

const ACCOUNT_ANNOTATION = 'kubernetes.io/service-account.name';

const isTokenOf = ({ apiVersion, kind, metadata }: KubeObject, account: string): boolean =>
  kind === 'Secret' &&
  apiVersion === 'v1' &&
  metadata.annotations?.[ACCOUNT_ANNOTATION] === account;

function claimsOf(live: Held, set: KubeObject): readonly KubeObject[] {
  const { namespace, name } = idOf(set);
  const templates = itemsOf(set['spec'], 'volumeClaimTemplates').map((template) =>
    textOf(partOf(template, 'metadata'), 'name'),
  );
  if (templates.length === 0) return [];
  return live.inNamespace(namespace).filter(({ kind, apiVersion, metadata }) => {
    if (kind !== 'PersistentVolumeClaim' || apiVersion !== 'v1') return false;
    const claim = metadata.name ?? '';
    return templates.some((template) => {
      const prefix = `${template}-${name}-`;
      return claim.startsWith(prefix) && /^\d+$/.test(claim.slice(prefix.length));
    });
  });
}
