import { TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { CommandIo } from './command.ts';
import { readObjects, readText } from './read-objects.ts';

/** The keys of `argocd-rbac-cm`, as a file has them. */
export type PolicyData = Readonly<Record<string, string>>;

/**
 * Policies from a file: the ConfigMap `argocd-rbac-cm`, or the lines of a `policy.csv` alone; none
 * without a file. Errors: as `readObjects`, and `InvalidConfig` when it holds another object.
 */
export async function readPolicies(path: string | undefined, io: CommandIo): Promise<PolicyData> {
  if (path === undefined) return {};
  const written = await readText(path, io);
  if (!/^\s*(?:apiVersion|kind|metadata|data|\{|---)/m.test(written))
    return { 'policy.csv': written };
  const objects = await readObjects(path, io, written);
  const map = objects.find(({ kind }) => kind === 'ConfigMap');
  if (map === undefined)
    throw new TiphysError('InvalidConfig', `${path}: holds no ConfigMap`, {
      hint: 'Give the file of the ConfigMap argocd-rbac-cm, or the lines of its policy.csv.',
    });
  return (map['data'] ?? {}) as PolicyData;
}

/** The AppProjects in a file; none without one. */
export async function readProjects(
  path: string | undefined,
  io: CommandIo,
): Promise<readonly KubeObject[]> {
  if (path === undefined) return [];
  const objects = await readObjects(path, io);
  const projects = objects.filter(({ kind }) => kind === 'AppProject');
  if (projects.length === 0)
    throw new TiphysError('InvalidConfig', `${path}: holds no AppProject`, {
      hint: 'Give the file of a project, e.g. from kubectl get appproject -o yaml.',
    });
  return projects;
}
