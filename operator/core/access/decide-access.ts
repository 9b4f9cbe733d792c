import type { Enforcer, Judge, Verdict } from './enforcer.ts';

/** Who asks, as a checked token tells it. */
export interface Caller {
  /** The account, the user's id at the identity provider, or `proj:PROJECT:ROLE`. */
  readonly subject: string;
  /** Values of the claims that are groups. */
  readonly groups: readonly string[];
}

export interface AccessRequest {
  readonly resource: string;
  readonly action: string;
  readonly object: string;
}

/** The policies that count, compiled once for each change. */
export interface AccessPolicies {
  /** Built in, and of `argocd-rbac-cm`. */
  readonly everywhere: Enforcer;
  /** With those of a project; `undefined` when there is no such project. */
  ofProject(name: string): Enforcer | undefined;
  /** `policy.default`: the role that everybody has; empty for none. */
  readonly defaultRole: string;
}

/** The answer, and who it was given to: the caller, a group, the default role. */
export interface AccessDecision extends Verdict {
  readonly as: string;
}

/**
 * Whether the caller may do it; nobody in particular when `caller` is `undefined` (`spec/api.md` 6.5).
 *
 * Subjects are asked one after the other, and the first yes counts: a deny for one group does not take
 * away what another group allows, and nothing takes away what the default role allows. A group without
 * a `g` line is not asked. A role of a project does nothing in another one.
 */
export function decideAccess(
  caller: Caller | undefined,
  request: AccessRequest,
  policies: AccessPolicies,
): AccessDecision {
  const { everywhere, defaultRole } = policies;
  const { resource, action, object } = request;
  const ask = (judge: Judge, subject: string): AccessDecision => {
    const { allowed, rule } = judge(subject, object);
    return { allowed, rule, as: subject };
  };
  const general = everywhere.about(resource, action);
  const byDefault = defaultRole === '' ? undefined : ask(general, defaultRole);
  if (byDefault?.allowed === true) return byDefault;
  let refusal = byDefault?.rule === undefined ? undefined : byDefault;
  const project = projectOf(request);
  const ofProject = project === undefined ? undefined : policies.ofProject(project);
  const own = PROJECT_ROLE.exec(caller?.subject ?? '')?.[1];
  const isForeign = own !== undefined && ofProject !== undefined && own !== project;
  const enforcer = ofProject ?? everywhere;
  const groups = own !== undefined && ofProject !== undefined ? [] : (caller?.groups ?? []);
  const subjects = [
    ...(defaultRole === '' ? [] : [defaultRole]),
    ...(caller === undefined ? [] : [caller.subject]),
    ...groups.filter((group) => enforcer.hasRoles(group)),
  ];
  const judge = enforcer.about(resource, action);
  for (const subject of isForeign ? [] : subjects) {
    const answer = ask(judge, subject);
    if (answer.allowed) return answer;
    if (answer.rule !== undefined) refusal ??= answer;
  }
  const byNobody = ask(general, '');
  if (byNobody.allowed) return byNobody;
  return refusal ?? { allowed: false, rule: undefined, as: caller?.subject ?? '' };
}

/** A token of a project's role; its groups do not count where the project's policies do. */
const PROJECT_ROLE = /^proj:([^:]*):/;

const WITHIN_PROJECT: ReadonlySet<string> = new Set([
  'applications',
  'applicationsets',
  'repositories',
  'clusters',
  'logs',
  'exec',
]);

/** The project that an object may be in. */
function projectOf({ resource, object }: AccessRequest): string | undefined {
  if (resource === 'projects') return object;
  const slash = object.indexOf('/');
  return WITHIN_PROJECT.has(resource) && slash >= 0 ? object.slice(0, slash) : undefined;
}

/** The values of the claims that count as groups: texts, and lists of them. */
export function groupsOf(
  claims: Readonly<Record<string, unknown>>,
  scopes: readonly string[],
): readonly string[] {
  return scopes
    .flatMap((scope) => (Object.hasOwn(claims, scope) ? claims[scope] : []))
    .filter((value) => typeof value === 'string');
}
