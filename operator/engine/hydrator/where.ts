import type { AppKey } from '../../core/app/app-key.ts';
import { TiphysError } from '../../core/errors.ts';
import { hydratedFolder, overlaps } from '../../core/hydrator/places.ts';
import { repositoryIdentity } from '../../core/revision/repository-url.ts';
import type { HydratedBranch } from '../../ports/index.ts';
import { conflictOf, type Member } from './members.ts';

/** What is wrong with where members are to be written, for each of them; `undefined`: nothing. */
export function placeProblems(
  group: readonly Member[],
  everyone: readonly Member[],
): ReadonlyMap<AppKey, string> | undefined {
  const found = group.flatMap((member) => {
    const message = member.problem ?? conflictOf(member, everyone);
    return message === undefined ? [] : [[member.key, message] as const];
  });
  const [first] = found;
  if (first === undefined) return undefined;
  const own = new Map(found);
  const waiting = `not hydrated: ${first[0]} cannot be written, and applications of one branch and revision are committed together. Correct what status.sourceHydrator says there`;
  return new Map(group.map(({ key }) => [key, own.get(key) ?? waiting]));
}

/** Where the group is written, as its project may; of several projects none has a say of its own. */
export function branchOf(group: readonly Member[]): HydratedBranch {
  const [first] = group;
  if (first === undefined) throw new TiphysError('Internal', 'a group without applications');
  const { repo: repoUrl, branch, beginsAt } = first.group;
  const isShared = group.some(({ project }) => project.name !== first.project.name);
  const project = isShared ? '' : first.project.name;
  return { repoUrl, branch, beginsAt, project };
}

/** The branch is where the dry source is read from: a folder that is replaced must not be one that is read. */
export function refuseOwnSource(group: readonly Member[]): void {
  for (const { folder, hydrator, group: where } of group) {
    if (repositoryIdentity(where.dryRepo) !== repositoryIdentity(where.repo)) return;
    const dry = hydratedFolder(hydrator.drySource.path ?? '');
    if (dry.type === 'folder' && !overlaps(dry.path, folder)) continue;
    throw new TiphysError(
      'InvalidSpec',
      `spec.sourceHydrator: ${where.branch} is the branch of the dry source, and ${folder} would be replaced by what it renders to`,
      { hint: 'Hydrate to another branch, or to a folder outside of the dry source.' },
    );
  }
}
