import { BUILT_IN_POLICY } from '../core/access/built-in-policy.ts';
import { joinPolicies, type PolicyRule } from '../core/access/policy.ts';
import { RESOURCES } from '../core/access/vocabulary.ts';
import type { JsonValue } from '../core/objects/json.ts';
import { type AccessSettings, readAccessSettings } from './access-settings.ts';
import { PATTERNS } from './compile-pattern.ts';

/** What an administrator wants to know before the policies count. */
export interface PolicyCheck {
  /** None of it counts. */
  readonly problems: readonly string[];
  /** Does nothing, most likely by mistake. */
  readonly warnings: readonly string[];
}

/** Checks the `data` of `argocd-rbac-cm`. */
export function checkPolicies(data: JsonValue | undefined): PolicyCheck {
  const settings = readAccessSettings(data);
  const { policy, problems, warnings } = settings;
  const whole = joinPolicies(BUILT_IN_POLICY, policy);
  const known = new Set([
    ...whole.rules.map(({ subject }) => subject),
    ...whole.links.map(({ subject }) => subject),
  ]);
  const lost = (role: string): boolean => !known.has(role) && !role.startsWith('proj:');
  const empty = new Set(policy.links.map(({ role }) => role).filter(lost));
  if (settings.defaultRole !== '' && lost(settings.defaultRole)) empty.add(settings.defaultRole);
  return {
    problems,
    warnings: [
      ...warnings,
      ...policy.rules.flatMap((rule) => suspicions(rule, settings)),
      ...[...empty].map((role) => `${role}: is given to somebody, but no line says what it may do`),
    ],
  };
}

function suspicions(rule: PolicyRule, { matchMode }: AccessSettings): readonly string[] {
  const compile = PATTERNS[matchMode];
  const resource = compile(rule.resource);
  const action = compile(rule.action);
  const meant = Object.entries(RESOURCES).filter(([name]) => resource(name));
  if (meant.length === 0)
    return [
      `${rule.origin}: the resource ${rule.resource} is none: ${Object.keys(RESOURCES).join(', ')}`,
    ];
  const some = meant.some(([, { actions, prefixes = [] }]) => {
    const isWithin = prefixes.some(
      (prefix) => rule.action.startsWith(prefix) || action(`${prefix}x/y`),
    );
    return isWithin || actions.some(action);
  });
  if (some) return [];
  const names = meant.map(([name]) => name).join(', ');
  return [`${rule.origin}: the action ${rule.action} is not asked of ${names}`];
}
