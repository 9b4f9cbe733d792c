import type { AppKey } from '../../core/app/app-key.ts';
import { appKey } from '../../core/app/app-key.ts';
import { isProcessed } from '../../core/app/names.ts';
import { parseApplication } from '../../core/app/parse.ts';
import type { Application, Project, SourceHydrator } from '../../core/app/types.ts';
import { type HydrationGroup, hydrationGroup } from '../../core/hydrator/group.ts';
import { branchProblem, hydratedFolder, overlaps } from '../../core/hydrator/places.ts';
import { isJsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { isArtifactUrl } from '../../core/revision/repository-url.ts';
import { admit } from '../admit.ts';
import type { EngineSettings } from '../ports.ts';
import type { HydratorPorts } from './ports.ts';

/** An application that is hydrated, and that its project permits to be. */
export interface Member {
  readonly key: AppKey;
  readonly app: Application;
  readonly hydrator: SourceHydrator;
  readonly group: HydrationGroup;
  readonly project: Project;
  /** Where its manifests go; empty when `problem` says why they cannot go anywhere. */
  readonly folder: string;
  readonly problem: string | undefined;
}

export interface Members {
  /** The key of the group that an Application belongs to, whether its project permits it or not. */
  groupOf(raw: KubeObject): string | undefined;
  /** Those of a group, and those of others that write to the same branch; sorted by their keys. */
  around(group: string): readonly Member[];
}

/**
 * Finds out who is hydrated together. An application that its project refuses is in no group: else whoever may create
 * one could keep others from being hydrated.
 */
export function createMembers(ports: HydratorPorts, settings: EngineSettings): Members {
  const parsed = new WeakMap<KubeObject, Hydrated | 'none'>();

  function read(raw: KubeObject): Hydrated | undefined {
    let known = parsed.get(raw);
    if (known === undefined) {
      known = hydratedApplication(raw) ?? 'none';
      parsed.set(raw, known);
    }
    return known === 'none' ? undefined : known;
  }

  function memberOf(raw: KubeObject): Member | undefined {
    const found = read(raw);
    if (found === undefined) return undefined;
    const { app, hydrator, group } = found;
    if (app.metadata.deletionTimestamp !== undefined || !isProcessed(app, settings))
      return undefined;
    const admission = admit(app, ports, settings);
    if (admission.type === 'refused') return undefined;
    const { project } = admission;
    const key = appKey(app.metadata.namespace, app.metadata.name);
    const place = hydratedFolder(hydrator.syncSource.path);
    const problem = place.type === 'refused' ? place.message : problemOf(group);
    const folder = place.type === 'folder' ? place.path : '';
    return { ...{ key, app, hydrator, group, project, folder }, problem };
  }

  return {
    groupOf: (raw) => read(raw)?.group.key,
    around(key) {
      const all = ports.apps.list();
      const place = all.map(read).find((found) => found?.group.key === key)?.group.place;
      // Whether a project permits one is asked of those alone who matter: there may be many groups.
      return all
        .filter((raw) => place !== undefined && read(raw)?.group.place === place)
        .flatMap((raw) => memberOf(raw) ?? [])
        .sort((left, right) => (left.key < right.key ? -1 : 1));
    },
  };
}

interface Hydrated {
  readonly app: Application;
  readonly hydrator: SourceHydrator;
  readonly group: HydrationGroup;
}

function hydratedApplication(raw: KubeObject): Hydrated | undefined {
  const spec = raw['spec'];
  if (!isJsonObject(spec) || !isJsonObject(spec['sourceHydrator'])) return undefined;
  const parsed = parseApplication(raw);
  if (parsed.type === 'invalid') return undefined; // its own reconcile says why
  const app = parsed.application;
  const { sourceHydrator: hydrator } = app.spec;
  const group = hydrationGroup(app.spec);
  return hydrator === undefined || group === undefined ? undefined : { app, hydrator, group };
}

function problemOf({ branch, beginsAt, dryRepo, repo }: HydrationGroup): string | undefined {
  if (isArtifactUrl(dryRepo) || isArtifactUrl(repo))
    return 'spec.sourceHydrator reads from Git and writes to Git: a registry is neither';
  return branchProblem(branch) ?? (beginsAt === undefined ? undefined : branchProblem(beginsAt));
}

/** Why a member cannot be written beside the others; `undefined` when it can. */
export function conflictOf(member: Member, all: readonly Member[]): string | undefined {
  const other = all.find(
    (one) =>
      one.key !== member.key &&
      one.folder !== '' &&
      one.group.place === member.group.place &&
      (one.folder === member.folder ||
        // One commit can write to a folder and to another one in it; two commits would delete each other's.
        (one.group.key !== member.group.key && overlaps(one.folder, member.folder))),
  );
  if (other === undefined) return undefined;
  return `Application ${other.key} is hydrated to ${other.folder} of the same branch, which is where ${member.key} is: give them folders of their own in spec.sourceHydrator.syncSource.path`;
}
