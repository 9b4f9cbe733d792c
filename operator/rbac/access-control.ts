import { BUILT_IN_POLICY } from '../core/access/built-in-policy.ts';
import { type AccessPolicies, decideAccess } from '../core/access/decide-access.ts';
import { compilePolicy, createEnforcer, type Enforcer } from '../core/access/enforcer.ts';
import { joinPolicies, type Policy } from '../core/access/policy.ts';
import { impliedPolicy } from '../core/access/project-policy.ts';
import { parseProject } from '../core/app/parse.ts';
import type { ProjectRole } from '../core/app/types.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { AccessControl } from '../ports/access-control.ts';
import type { ProjectStore } from '../ports/app-store.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { type AccessSettings, readAccessSettings } from './access-settings.ts';
import { checkRoles } from './check-roles.ts';
import { PATTERNS } from './compile-pattern.ts';
import { readPolicy } from './read-policy.ts';

export interface AccessControlOptions {
  readonly config: Pick<ConfigStore, 'configMap' | 'onChange'>;
  readonly projects: Pick<ProjectStore, 'get' | 'onChange'>;
  readonly logger: Logger;
}

interface Compiled extends AccessPolicies {
  readonly settings: AccessSettings;
}

/**
 * Access by the policies of `argocd-rbac-cm` and of the projects. They are compiled once for each
 * change, which counts from the next question on. Policies that cannot be read leave the last good ones
 * in place, at first the built-in ones, and are told in the log; those of a project leave only the rest.
 */
export function createAccessControl({
  config,
  projects,
  logger,
}: AccessControlOptions): AccessControl {
  const stack = new DisposableStack();
  let compiled = compile(readAccessSettings(undefined));
  let problems: readonly string[] = [];
  let isStale = true;
  const enforcers = new Map<string, { readonly raw: KubeObject; readonly enforcer: Enforcer }>();
  stack.use(
    config.onChange(({ kind, metadata }) => {
      if (kind === 'ConfigMap' && metadata.name === 'argocd-rbac-cm') isStale = true;
    }),
  );
  stack.use(projects.onChange((name) => enforcers.delete(name)));

  function policies(): Compiled {
    if (!isStale) return compiled;
    isStale = false;
    const settings = readAccessSettings(config.configMap('argocd-rbac-cm')?.['data']);
    problems = settings.problems;
    for (const problem of settings.problems)
      logger.error({ problem }, 'argocd-rbac-cm cannot be read; the last good policies stay');
    for (const problem of settings.warnings) logger.warn({ problem }, 'argocd-rbac-cm');
    if (settings.problems.length > 0) return compiled;
    enforcers.clear();
    compiled = compile(settings);
    return compiled;
  }

  function compile(settings: AccessSettings): Compiled {
    const pattern = PATTERNS[settings.matchMode];
    const general = compilePolicy(joinPolicies(BUILT_IN_POLICY, settings.policy), pattern);
    return {
      settings,
      everywhere: createEnforcer([general]),
      defaultRole: settings.defaultRole,
      ofProject(name) {
        const raw = projects.get(name);
        if (raw === undefined) return undefined;
        const known = enforcers.get(name);
        if (known?.raw === raw) return known.enforcer;
        const enforcer = createEnforcer([general, compilePolicy(policyOf(raw), pattern)]);
        enforcers.set(name, { raw, enforcer });
        return enforcer;
      },
    };
  }

  function policyOf(raw: KubeObject): Policy {
    const parsed = parseProject(raw);
    if (parsed.type === 'invalid') return { rules: [], links: [] };
    const { name, spec } = parsed.project;
    const read = readProjectPolicy(name, spec.roles ?? []);
    for (const problem of read.problems)
      logger.warn({ project: name, problem }, 'policies of a project cannot be read');
    return read.policy;
  }

  return {
    decide: (caller, request) => decideAccess(caller, request, policies()),
    checkRoles,
    get scopes() {
      return policies().settings.scopes;
    },
    get problems() {
      policies();
      return problems;
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

/** The policies of a project's roles, the implied ones included; none when a line cannot be read. */
export function readProjectPolicy(
  project: string,
  roles: readonly ProjectRole[],
): { readonly policy: Policy; readonly problems: readonly string[] } {
  const read = roles.map(({ name, policies }) =>
    readPolicy((policies ?? []).join('\n'), `AppProject ${project}, role ${name}`),
  );
  const problems = read.flatMap((one) => one.problems);
  if (problems.length > 0) return { policy: { rules: [], links: [] }, problems };
  const own = read.map(({ policy }) => policy);
  return { policy: joinPolicies(impliedPolicy(project, roles), ...own), problems };
}
