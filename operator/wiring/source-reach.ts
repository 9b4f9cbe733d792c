import { permitsSource } from '../core/project/permits.ts';
import { findProject } from '../engine/find-project.ts';
import type { EnginePorts } from '../engine/ports.ts';
import type { RepositoryDirectory } from '../live/repository-directory.ts';
import type { SourceReach, SourceRepositories } from '../ports/source-repositories.ts';

/** What applications of a project may read: what is registered, as far as the project permits it. */
export function createSourceReach(
  directory: Pick<RepositoryDirectory, 'accessTo' | 'named' | 'ofProject'>,
  ports: Pick<EnginePorts, 'projects' | 'projectSettings'>,
  repositories: Pick<SourceRepositories, 'resolve' | 'tree'>,
): SourceReach {
  return {
    access: directory.accessTo,
    named: directory.named,
    async tree(repoUrl, revision, project, signal) {
      const options = { fresh: false, project };
      const commit = await repositories.resolve(repoUrl, revision, options, signal);
      return await repositories.tree(repoUrl, commit, { project }, signal);
    },
    refusal(repoUrl, project) {
      const found = findProject(project, { ...ports, repositoriesOf: directory.ofProject });
      if (found.type !== 'found') return found.message;
      const verdicts = namesOf(repoUrl).map((url) =>
        permitsSource(found.project, url, 'repository'),
      );
      const refusals = verdicts.filter((verdict) => verdict.type === 'refused');
      const denial = refusals.find(({ rule }) => rule.startsWith('"!'));
      if (denial === undefined && refusals.length < verdicts.length) return undefined;
      return (denial ?? refusals[0])?.message;
    },
  };
}

/** A registry has no scheme where it is registered, and often one where it is permitted. */
function namesOf(repoUrl: string): readonly string[] {
  return repoUrl.includes('://') ? [repoUrl] : [repoUrl, `oci://${repoUrl}`];
}
