import { parseProject, type ParsedProject } from '../core/app/parse.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Project } from '../core/app/types.ts';
import { selects } from '../core/objects/label-selector.ts';
import { withGlobalProjects } from '../core/project/global-projects.ts';
import { withRepositories } from '../core/project/permits.ts';
import type { EnginePorts } from './ports.ts';

export type FoundProject =
  | { readonly type: 'found'; readonly project: Project }
  | { readonly type: 'missing' | 'invalid'; readonly message: string };

/**
 * The project of an application, with the lists of the global projects that select it. A global
 * project that is missing adds nothing; one that cannot be read makes the project invalid, for it
 * may forbid something. Repositories that are registered for the project are among its `sourceRepos`.
 */
export function findProject(
  specName: string,
  ports: Pick<EnginePorts, 'projects' | 'projectSettings' | 'repositoriesOf'>,
): FoundProject {
  const { projects, projectSettings, repositoriesOf } = ports;
  const name = specName === '' ? 'default' : specName;
  const raw = projects.get(name);
  if (raw === undefined)
    return {
      type: 'missing',
      message: `Application referencing project ${name} which does not exist`,
    };
  const labels = raw.metadata.labels ?? {};
  const globals = projectSettings().globalProjects.flatMap(({ projectName, selector }) => {
    const other = projectName !== name && selects(selector, labels);
    return other ? (projects.get(projectName) ?? []) : [];
  });
  const [project, ...others] = [raw, ...globals].map(parsed);
  const valid: Project[] = [];
  for (const [index, one] of [project, ...others].entries()) {
    if (one?.type === 'ok') valid.push(one.project);
    else if (one !== undefined) {
      const problems = one.problems.map((p) => `${p.path}: ${p.message}`).join('; ');
      const which = index === 0 ? name : (globals[index - 1]?.metadata.name ?? '');
      return { type: 'invalid', message: `AppProject ${which} is invalid: ${problems}` };
    }
  }
  const [own, ...rest] = valid;
  if (own === undefined) return { type: 'missing', message: `AppProject ${name} is gone` };
  const whole = withGlobalProjects(own, rest);
  return { type: 'found', project: withRepositories(whole, repositoriesOf?.(name) ?? []) };
}

/** Many applications are of one project. */
const known = new WeakMap<KubeObject, ParsedProject>();

/** As of `parseProject`; objects of the store do not change. */
function parsed(raw: KubeObject): ParsedProject {
  const before = known.get(raw);
  if (before !== undefined) return before;
  const result = parseProject(raw);
  known.set(raw, result);
  return result;
}
