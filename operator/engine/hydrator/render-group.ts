import { instanceName } from '../../core/app/names.ts';
import type { AppKey } from '../../core/app/app-key.ts';
import { toTiphysError, withHint } from '../../core/errors.ts';
import { HYDRATE_ANNOTATION } from '../../core/hydrator/need.ts';
import type { HydratedApplication } from '../../core/hydrator/layout.ts';
import { signatureCriteria } from '../../core/signatures/criteria.ts';
import { generatePathsOf } from '../../core/webhook/affected.ts';
import type { ManifestRequest } from '../../ports/index.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import type { EngineSettings } from '../ports.ts';
import type { Member } from './members.ts';
import type { HydratorPorts } from './ports.ts';

export type RenderedGroup =
  | { readonly type: 'rendered'; readonly applications: readonly HydratedApplication[] }
  | { readonly type: 'failed'; readonly messages: ReadonlyMap<AppKey, string> };

const PARALLEL_RENDERS = 4;
const NO_API_VERSIONS: readonly string[] = Object.freeze([]);

/**
 * Renders the dry source of every member at one commit, as no cluster: what is committed must not depend on where it
 * goes. All of them or none.
 */
export async function renderGroup(
  members: readonly Member[],
  dryCommit: string,
  { manifests }: HydratorPorts,
  settings: EngineSettings,
  signal: AbortSignal,
): Promise<RenderedGroup> {
  const messages = new Map<AppKey, string>();
  const rendered = await mapLimit(
    members,
    PARALLEL_RENDERS,
    async (member, stop) => {
      try {
        const found = await manifests.manifests(requestOf(member, dryCommit, settings), stop);
        return [{ path: member.folder, objects: found.objects, commands: found.commands }];
      } catch (error) {
        stop.throwIfAborted();
        messages.set(member.key, withHint(toTiphysError(error)));
        return [];
      }
    },
    signal,
  );
  if (messages.size === 0) return { type: 'rendered', applications: rendered.flat() };
  return { type: 'failed', messages: withOthers(members, messages) };
}

function requestOf(
  { app, hydrator, project }: Member,
  dryCommit: string,
  settings: EngineSettings,
): ManifestRequest {
  const { drySource } = hydrator;
  return {
    sources: [drySource],
    revisions: [dryCommit],
    signatures: [signatureCriteria(project, drySource)],
    ...generatePathsOf(app.metadata.annotations),
    instance: instanceName(app.metadata, settings.namespace),
    appName: app.metadata.name,
    project: project.name,
    namespace: app.spec.destination.namespace ?? '',
    kubeVersion: '',
    apiVersions: NO_API_VERSIONS,
    freshRevisions: false,
    freshManifests: app.metadata.annotations[HYDRATE_ANNOTATION] === 'hard',
    isTrial: true, // what its sync source reads is what counts for a refresh
  };
}

/** Those that could be rendered are told who keeps them waiting; what is wrong with it is for its owners. */
function withOthers(
  members: readonly Member[],
  messages: ReadonlyMap<AppKey, string>,
): ReadonlyMap<AppKey, string> {
  const failing = [...messages.keys()].sort();
  const named = failing.slice(0, 3).join(', ');
  const more = failing.length > 3 ? ` and ${failing.length - 3} more` : '';
  return new Map(
    members.map(({ key, group }) => [
      key,
      messages.get(key) ??
        `not hydrated: ${named}${more} cannot be rendered, and applications that are hydrated to ${group.branch} from the same revision are committed together. Correct what status.sourceHydrator says there`,
    ]),
  );
}
