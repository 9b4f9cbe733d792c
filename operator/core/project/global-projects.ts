import type { Project, ProjectSpec } from '../app/types.ts';

/** The lists of a global project that count for others too. Roles and the like stay its own. */
const SHARED = [
  'clusterResourceWhitelist',
  'clusterResourceBlacklist',
  'namespaceResourceWhitelist',
  'namespaceResourceBlacklist',
  'syncWindows',
  'sourceRepos',
  'destinations',
  'destinationServiceAccounts',
] as const satisfies readonly (keyof ProjectSpec)[];

/** The project with the lists of global projects after its own. A list that nobody has stays absent. */
export function withGlobalProjects(project: Project, globals: readonly Project[]): Project {
  if (globals.length === 0) return project;
  const merged: Record<string, readonly unknown[]> = {};
  for (const name of SHARED) {
    const lists = [project, ...globals].map(({ spec }) => spec[name]);
    const all = lists.flatMap((list): readonly unknown[] => list ?? []);
    // Absent and empty are not the same: an empty list of somebody else changes nothing.
    if (all.length > 0 || project.spec[name] !== undefined) merged[name] = all;
  }
  return { ...project, spec: { ...project.spec, ...merged } };
}
