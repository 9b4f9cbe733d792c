import type { RefTable } from '../core/revision/ref-table.ts';
import type { GitRepositories } from '../git/index.ts';
import type { ChartRepositories } from '../ports/chart-repositories.ts';
import type { RepositoryProbe } from '../ports/repository-probe.ts';

export interface RepositoryProbeOptions {
  readonly git: Pick<GitRepositories, 'listRefs' | 'reachRegistry' | 'registryTags'>;
  readonly charts: Pick<ChartRepositories, 'list'>;
}

/** Asks each sort of repository with the program, or the protocol, by which it is read. */
export function createRepositoryProbe({ git, charts }: RepositoryProbeOptions): RepositoryProbe {
  return {
    async test(repository, signal) {
      switch (repository.type) {
        case 'git':
          await git.listRefs(repository.url, repository.access, signal);
          return;
        case 'helm':
          await charts.list(repository, { onlyReach: true }, signal);
          return;
        case 'registry':
          await git.reachRegistry(repository, signal);
          return;
        case 'oci':
          await git.registryTags(repository, signal);
      }
    },
    async refs(repository, signal) {
      if (repository.type !== 'git') return { branches: [], tags: [] };
      return namesOf(await git.listRefs(repository.url, repository.access, signal));
    },
    tags: (repository, signal) => git.registryTags(repository, signal),
    charts: (repository, signal) => charts.list(repository, { onlyReach: false }, signal),
  };
}

function namesOf({ byName, tags }: RefTable) {
  const prefix = 'refs/heads/';
  const branches = [...byName.keys()].filter((name) => name.startsWith(prefix));
  return {
    branches: branches.map((name) => name.slice(prefix.length)),
    tags: tags.map(({ name }) => name),
  };
}
