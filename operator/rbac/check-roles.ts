import { roleSubject } from '../core/access/project-policy.ts';
import { RESOURCES } from '../core/access/vocabulary.ts';
import type { PolicyRule } from '../core/access/policy.ts';
import type { ProjectRole } from '../core/app/types.ts';
import { readPolicy } from './read-policy.ts';

const RESOURCES_OF_PROJECTS: ReadonlySet<string> = new Set([
  'applications',
  'applicationsets',
  'repositories',
  'exec',
  'logs',
  'clusters',
]);
const ROLE_NAME = /^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const FINE_GRAINED = /^(?:action|update|delete)\//;
const OBJECT = /^[*\w.-]+(?:\/[*\w.-]+)?$/;

/**
 * What is wrong with the roles of a project, which is refused where projects are written
 * (`spec/api.md` 6.6). Each problem names the role.
 */
export function checkRoles(project: string, roles: readonly ProjectRole[]): readonly string[] {
  const names = new Set<string>();
  return roles.flatMap(({ name, policies = [], groups = [] }) => {
    const problems: string[] = [];
    if (!ROLE_NAME.test(name))
      problems.push('its name is not made of letters, digits, - and _, between letters or digits');
    if (names.has(name)) problems.push('there are two of this name');
    names.add(name);
    const read = readPolicy((policies ?? []).join('\n'), 'policies');
    problems.push(...read.problems, ...read.warnings);
    if (new Set(policies).size !== (policies ?? []).length)
      problems.push('a policy stands there twice');
    for (const rule of read.policy.rules)
      for (const problem of checkRule(rule, project, name))
        problems.push(`${rule.origin}: ${problem}`);
    if (read.policy.links.length > 0) problems.push('it has g lines: list groups instead');
    const blank = (groups ?? []).some((group) => group.trim() === '' || /["\n\t]/.test(group));
    if (blank) problems.push('a group is blank, or has quotes, tabs or line breaks');
    if (new Set(groups).size !== (groups ?? []).length) problems.push('a group stands there twice');
    return problems.map((problem) => `role ${name}: ${problem}`);
  });
}

function checkRule(rule: PolicyRule, project: string, role: string): readonly string[] {
  const { subject, resource, action, object } = rule;
  const problems: string[] = [];
  const own = roleSubject(project, role);
  if (subject !== own) problems.push(`the subject is not ${own}`);
  if (!RESOURCES_OF_PROJECTS.has(resource))
    problems.push(`the resource is not one of ${[...RESOURCES_OF_PROJECTS].join(', ')}`);
  const { actions = [] } = RESOURCES['applications'] ?? {};
  if (action !== '*' && !actions.includes(action) && !FINE_GRAINED.test(action))
    problems.push(
      `the action is not one of ${actions.join(', ')}, *, action/…, update/… or delete/…`,
    );
  const [first, ...rest] = object.split('/');
  if (first !== project || rest.length === 0 || !OBJECT.test(rest.join('/')))
    problems.push(`the object does not begin with ${project}/, or has odd characters`);
  return problems;
}
