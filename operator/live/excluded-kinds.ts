import type { GroupKind } from '../core/objects/kube-object.ts';

/** A rule of `resource.exclusions` and `resource.inclusions`: an absent list means any; `*` in kinds too. */
export interface KindRule {
  /** Globs with `*`. */
  readonly apiGroups?: readonly string[];
  readonly kinds?: readonly string[];
}

/** Never watched, whatever the configuration says: they change all the time and nobody deploys them. */
export const ALWAYS_EXCLUDED: readonly KindRule[] = [
  { apiGroups: ['events.k8s.io', 'metrics.k8s.io'] },
  { apiGroups: [''], kinds: ['Event'] },
  { apiGroups: ['coordination.k8s.io'], kinds: ['Lease'] },
];

/** What the shipped configuration excludes; `resource.exclusions` takes its place when it is set. */
export const DEFAULT_EXCLUSIONS: readonly KindRule[] = [
  { apiGroups: ['', 'discovery.k8s.io'], kinds: ['Endpoints', 'EndpointSlice'] },
  { apiGroups: ['coordination.k8s.io'], kinds: ['Lease'] },
  {
    apiGroups: ['authentication.k8s.io', 'authorization.k8s.io'],
    kinds: [
      'SelfSubjectReview',
      'TokenReview',
      'LocalSubjectAccessReview',
      'SelfSubjectAccessReview',
      'SelfSubjectRulesReview',
      'SubjectAccessReview',
    ],
  },
  { apiGroups: ['certificates.k8s.io'], kinds: ['CertificateSigningRequest'] },
  { apiGroups: ['cert-manager.io'], kinds: ['CertificateRequest'] },
  {
    apiGroups: ['cilium.io'],
    kinds: ['CiliumIdentity', 'CiliumEndpoint', 'CiliumEndpointSlice'],
  },
  {
    apiGroups: ['kyverno.io', 'reports.kyverno.io', 'wgpolicyk8s.io'],
    kinds: [
      'PolicyReport',
      'ClusterPolicyReport',
      'EphemeralReport',
      'ClusterEphemeralReport',
      'AdmissionReport',
      'ClusterAdmissionReport',
      'BackgroundScanReport',
      'ClusterBackgroundScanReport',
      'UpdateRequest',
    ],
  },
];

/**
 * Whether a kind is left alone: it matches an exclusion, or there are inclusions and it matches
 * none. The kinds of `ALWAYS_EXCLUDED` are in any case.
 */
export function isExcludedKind(
  kind: GroupKind,
  exclusions: readonly KindRule[],
  inclusions: readonly KindRule[],
): boolean {
  const matches = (rule: KindRule) => matchesRule(kind, rule);
  if (ALWAYS_EXCLUDED.some(matches) || exclusions.some(matches)) return true;
  return inclusions.length > 0 && !inclusions.some(matches);
}

function matchesRule({ group, kind }: GroupKind, { apiGroups, kinds }: KindRule): boolean {
  const groupMatches =
    apiGroups === undefined || apiGroups.some((glob) => matchesGlob(group, glob));
  return (
    groupMatches && (kinds === undefined || kinds.some((name) => name === '*' || name === kind))
  );
}

/** `*` stands for any text; everything else for itself. */
function matchesGlob(text: string, glob: string): boolean {
  const [first = '', ...rest] = glob.split('*');
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let position = first.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return text.length - last.length >= position && text.endsWith(last);
}
