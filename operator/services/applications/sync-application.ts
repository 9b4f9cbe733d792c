import type { Requester } from '../../core/access/requester.ts';
import { isMultiSource, sourcesOf } from '../../core/app/sources.ts';
import type {
  Application,
  ApplicationSource,
  NameValue,
  RetryStrategy,
  SyncOperation,
  SyncResourceSelector,
} from '../../core/app/types.ts';
import { TiphysError, toTiphysError } from '../../core/errors.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { parseSyncOptions } from '../../core/sync/options.ts';
import { refuseLocalManifests } from '../../core/sync/local-manifests.ts';
import { chartOf } from '../../engine/manifests/check-source.ts';
import { mapLimit } from '../../runtime/map-limit.ts';
import type { ControlPlane } from '../control-plane.ts';
import { enforce } from '../enforce.ts';
import { isSwitchedOn } from '../setting.ts';
import { admittedOf } from './check-application.ts';
import { type ApplicationName, findApplication, type Found } from './find-application.ts';
import { startOperation } from './start-operation.ts';
import { decideManualSync } from './sync-windows.ts';

/** What is to be synced, and how; what is absent is as the Application says. */
export interface SyncRequest {
  readonly revision?: string | undefined;
  /** Of the sources at these positions, from 1. */
  readonly revisions?: readonly string[] | undefined;
  readonly sourcePositions?: readonly number[] | undefined;
  readonly dryRun?: boolean | undefined;
  readonly prune?: boolean | undefined;
  readonly strategy?: SyncOperation['syncStrategy'];
  readonly resources?: readonly SyncResourceSelector[] | undefined;
  /** Instead of what Git says. */
  readonly manifests?: readonly string[] | undefined;
  readonly infos?: readonly NameValue[] | undefined;
  readonly retryStrategy?: RetryStrategy | undefined;
  readonly syncOptions?: readonly string[] | undefined;
}

/**
 * Starts a sync. Errors, in this order: as `findApplication`; `PermissionDenied` when a sync window is in the
 * way, then for want of the right; `NotPossibleNow` when the Application is being deleted, automated sync would
 * undo it, a revision is not found, or another operation runs; `InvalidRequest`.
 */
export async function syncApplication(
  controlPlane: ControlPlane,
  requester: Requester,
  wanted: ApplicationName,
  request: SyncRequest,
  signal: AbortSignal,
): Promise<KubeObject> {
  const options = { action: 'get', fresh: true };
  const found = await findApplication(controlPlane, requester, wanted, options, signal);
  const { app, project } = found;
  const window = decideManualSync(app, project, controlPlane);
  if (window.type === 'blocked')
    throw new TiphysError('PermissionDenied', 'cannot sync: blocked by sync window', {
      hint: `AppProject ${project.name}: ${window.message}.`,
    });
  mustBeAllowed(found, 'sync');
  const { manifests = [], dryRun = false } = request;
  if (manifests.length > 0) mustBeAllowed(found, 'override');
  const refusal = refuseLocalManifests(app, { sync: { manifests, dryRun } }, project);
  if (refusal !== undefined) throw notPossible(refusal);
  refuseDeleting(app);
  const asked = askedRevisions(app, request);
  refuseOther(asked, dryRun, found);
  refuseReplace(request, controlPlane);
  const resolved = await resolveAll(app, asked, controlPlane, signal);
  const { syncPolicy } = app.spec;
  const operation = {
    sync: {
      ...(isMultiSource(app.spec) ? { revisions: resolved } : { revision: resolved[0] ?? '' }),
      prune: request.prune,
      dryRun: request.dryRun,
      syncStrategy: request.strategy,
      resources: request.resources,
      ...(manifests.length > 0 && { manifests }),
      syncOptions: request.syncOptions ?? syncPolicy?.syncOptions,
    },
    info: request.infos,
    retry: request.retryStrategy ?? syncPolicy?.retry,
  };
  const names = asked.map(({ revision }) => revision).join(', ');
  const what = `initiated ${partOf(request)}sync to ${names} (${resolved.join(', ')})`;
  return await startOperation(controlPlane, requester, app, { operation, what }, signal);

  function mustBeAllowed({ object }: Found, action: string): void {
    enforce(requester, { resource: 'applications', action, object }, controlPlane.ports.access);
  }

  /** Another revision than the spec names is undone by automated sync, and may take a right of its own. */
  function refuseOther(sources: readonly AskedSource[], isDryRun: boolean, where: Found): void {
    const other = sources.find(({ isOther }) => isOther);
    if (other === undefined) return;
    if (isSwitchedOn(controlPlane.ports.config, OVERRIDE_SETTING)) mustBeAllowed(where, 'override');
    if (isDryRun || !isAutomated(app)) return;
    const { revision, source } = other;
    throw notPossible(
      `Cannot sync to ${revision}: auto-sync currently set to ${source.targetRevision || 'HEAD'}`,
    );
  }
}

const OVERRIDE_SETTING = 'application.sync.requireOverridePrivilegeForRevisionSync';

interface AskedSource {
  readonly source: ApplicationSource;
  /** As it was asked for, else as the spec says. */
  readonly revision: string;
  readonly isOther: boolean;
}

/** Errors: `InvalidRequest` when a position is none. */
export function askedRevisions(
  { spec }: Application,
  request: Pick<SyncRequest, 'revision' | 'revisions' | 'sourcePositions'>,
): readonly AskedSource[] {
  const { revision = '', revisions = [], sourcePositions = [] } = request;
  const sources = sourcesOf(spec);
  const wanted = new Map<number, string>();
  if (!isMultiSource(spec)) wanted.set(0, revision);
  if (revisions.length !== sourcePositions.length)
    throw invalid('revisions and sourcePositions: must be of the same length');
  for (const [index, position] of sourcePositions.entries()) {
    if (position < 1 || position > sources.length)
      throw invalid(`sourcePositions: there is no source ${position}, there are ${sources.length}`);
    wanted.set(position - 1, revisions[index] ?? '');
  }
  return sources.map((source, index) => {
    const own = source.targetRevision || 'HEAD';
    const asked = wanted.get(index) || own;
    return { source, revision: asked, isOther: asked !== own };
  });
}

async function resolveAll(
  app: Application,
  asked: readonly AskedSource[],
  controlPlane: ControlPlane,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { ports } = controlPlane;
  const { project } = admittedOf(app, controlPlane); // nobody asks a repository that is not permitted
  const reader = { project: project.name, fresh: true };
  return await mapLimit(
    asked,
    PARALLEL_SOURCES,
    async ({ source, revision }, stop) => {
      try {
        const chart = chartOf(source);
        return chart === undefined
          ? await ports.repositories.resolve(
              source.repoURL,
              revision,
              { ...reader, tagPrefix: source.tagPrefix ?? '' },
              stop,
            )
          : await ports.charts.resolve(chart, revision, reader, stop);
      } catch (error) {
        stop.throwIfAborted();
        throw notPossible(toTiphysError(error).message, error);
      }
    },
    signal,
  );
}

const PARALLEL_SOURCES = 4;

/** What the Application itself says is its owner's, in Git; this is of what somebody asks for. */
function refuseReplace(
  { syncOptions = [] }: SyncRequest,
  { ports }: Pick<ControlPlane, 'ports'>,
): void {
  if (ports.replaceAllowed || !parseSyncOptions(syncOptions).replace) return;
  throw new TiphysError('NotPossibleNow', 'Replace=true: is switched off for syncs over the API', {
    hint: 'Sync without it, or ask an administrator (--api-sync-replace-allowed).',
  });
}

/** Errors: `NotPossibleNow`. */
export function refuseDeleting({ metadata }: Application): void {
  if (metadata.deletionTimestamp !== undefined)
    throw notPossible(`application ${metadata.name} is being deleted`);
}

export function isAutomated({ spec }: Application): boolean {
  const automated = spec.syncPolicy?.automated;
  return automated !== undefined && automated.enabled !== false;
}

function partOf({ resources = [], dryRun = false }: SyncRequest): string {
  return `${dryRun ? 'dry-run ' : ''}${resources.length > 0 ? 'partial ' : ''}`;
}

function notPossible(message: string, cause?: unknown): TiphysError {
  return new TiphysError('NotPossibleNow', message, cause === undefined ? {} : { cause });
}

function invalid(message: string): TiphysError {
  return new TiphysError('InvalidRequest', message);
}
