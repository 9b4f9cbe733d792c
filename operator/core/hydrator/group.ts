import { repositoryIdentity } from '../revision/repository-url.ts';
import type { ApplicationSpec, SourceHydrator } from '../app/types.ts';
import { sourcesOf } from '../app/sources.ts';

/** Applications that are hydrated together: one commit on one branch for one commit of the dry source. */
export interface HydrationGroup {
  /** The same for all of a group, and for nobody else. */
  readonly key: string;
  readonly dryRepo: string;
  /** Revision of the dry source, as it is written. */
  readonly dryRevision: string;
  /** Repository that is written to. */
  readonly repo: string;
  /** Branch that is written to: the one of `hydrateTo`, else the one that is synced. */
  readonly branch: string;
  /** The same for all groups that write to one branch of one repository, and for no other. */
  readonly place: string;
  /** Where the branch begins when it does not exist yet and is not the one that is synced. */
  readonly beginsAt: string | undefined;
}

/** The group of an application; `undefined` when it is not hydrated. */
export function hydrationGroup(spec: ApplicationSpec): HydrationGroup | undefined {
  const { sourceHydrator: hydrator } = spec;
  const [synced] = sourcesOf(spec);
  if (hydrator === undefined || synced === undefined) return undefined;
  const { repoURL: dryRepo, targetRevision: dryRevision = '' } = hydrator.drySource;
  const branch = branchOf(hydrator);
  const { targetBranch } = hydrator.syncSource;
  const repo = synced.repoURL;
  const place = [repositoryIdentity(repo), branch].join('\n');
  return {
    key: [repositoryIdentity(dryRepo), dryRevision, place].join('\n'),
    ...{ dryRepo, dryRevision, repo, branch, place },
    beginsAt: branch === targetBranch ? undefined : targetBranch,
  };
}

function branchOf({ hydrateTo, syncSource }: SourceHydrator): string {
  return hydrateTo === undefined ? syncSource.targetBranch : hydrateTo.targetBranch;
}
