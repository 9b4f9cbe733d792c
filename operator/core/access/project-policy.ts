import type { ProjectRole } from '../app/types.ts';
import type { Policy } from './policy.ts';

/** The subject that the tokens of a role have. */
export const roleSubject = (project: string, role: string): string => `proj:${project}:${role}`;

/** What each role of a project has without saying so: it sees the project, and its groups have it. */
export function impliedPolicy(project: string, roles: readonly ProjectRole[]): Policy {
  return {
    rules: roles.map(({ name }) => ({
      subject: roleSubject(project, name),
      resource: 'projects',
      action: 'get',
      object: project,
      effect: 'allow',
      origin: `AppProject ${project}, role ${name}`,
    })),
    links: roles.flatMap(({ name, groups }) =>
      (groups ?? []).map((group) => ({ subject: group, role: roleSubject(project, name) })),
    ),
  };
}
