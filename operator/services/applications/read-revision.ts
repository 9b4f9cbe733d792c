import type { Requester } from '../../core/access/requester.ts';
import { sourcesOf } from '../../core/app/sources.ts';
import type { Application, ApplicationSource, Project } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import type { ArtifactInfo } from '../../core/repository/artifact-manifest.ts';
import { permitsSource } from '../../core/project/permits.ts';
import { chartOf, isArtifact } from '../../engine/manifests/check-source.ts';
import type { CommitInfo } from '../../ports/source-repositories.ts';
import type { ControlPlane } from '../control-plane.ts';
import { bareRefusal } from '../enforce.ts';
import { type ApplicationName, findApplication } from './find-application.ts';

export interface RevisionRequest {
  readonly app: ApplicationName;
  readonly revision: string;
  /** Which of several sources, from 0. */
  readonly sourceIndex: number;
  /** Of an entry of the history, whose sources are meant; `undefined`: those of today. */
  readonly versionId: number | undefined;
}

export interface ChartDetails {
  readonly description: string;
  readonly home: string;
  /** `Name <address>`. */
  readonly maintainers: readonly string[];
}

const MAX_CHART_BYTES = 1_000_000;

/**
 * What the commit of an Application says of itself. Errors: as `findApplication`; `InvalidRequest` for a revision
 * that the Application neither has nor had; those of the repository.
 */
export async function readRevision(
  controlPlane: ControlPlane,
  requester: Requester,
  request: RevisionRequest,
  signal: AbortSignal,
): Promise<CommitInfo> {
  const { source, project } = await findSource(controlPlane, requester, request, signal);
  if (chartOf(source) !== undefined || isArtifact(source))
    throw otherKind(source, 'a Git repository');
  const { repositories } = controlPlane.ports;
  const reader = { project: project.name, fresh: false };
  const { repoURL, tagPrefix } = source;
  const how = { ...reader, tagPrefix: tagPrefix ?? '' };
  const commit = await repositories.resolve(repoURL, request.revision, how, signal);
  return await repositories.commit(repoURL, commit, reader, signal);
}

/** What the chart of an Application says of itself. Errors: as `readRevision`; `RequestFailed` without a chart. */
export async function readChart(
  controlPlane: ControlPlane,
  requester: Requester,
  request: RevisionRequest,
  signal: AbortSignal,
): Promise<ChartDetails> {
  const { source, project } = await findSource(controlPlane, requester, request, signal);
  const chart = chartOf(source);
  if (chart === undefined) throw otherKind(source, 'a Helm chart');
  const { charts, readYaml } = controlPlane.ports;
  const reader = { project: project.name, fresh: false };
  const version = await charts.resolve(chart, request.revision, reader, signal);
  const tree = await charts.tree(chart, version, reader, signal);
  const file = await tree.read('Chart.yaml', { maxBytes: MAX_CHART_BYTES }, signal);
  return detailsOf(readYaml(file.toString('utf8')));
}

/** What the artifact of an Application says of itself. Errors: as `readRevision`; `RequestFailed` when it is none. */
export async function readImage(
  controlPlane: ControlPlane,
  requester: Requester,
  request: RevisionRequest,
  signal: AbortSignal,
): Promise<ArtifactInfo> {
  const { source, project } = await findSource(controlPlane, requester, request, signal);
  if (!isArtifact(source)) throw otherKind(source, 'an OCI image');
  const { repositories } = controlPlane.ports;
  const reader = { project: project.name, fresh: false };
  const { repoURL } = source;
  const digest = await repositories.resolve(repoURL, request.revision, reader, signal);
  return await repositories.artifact(repoURL, digest, reader, signal);
}

async function findSource(
  controlPlane: ControlPlane,
  requester: Requester,
  { app: wanted, revision, sourceIndex, versionId }: RevisionRequest,
  signal: AbortSignal,
): Promise<{ readonly source: ApplicationSource; readonly project: Project }> {
  const options = { action: 'get', fresh: true };
  const { app, project } = await findApplication(controlPlane, requester, wanted, options, signal);
  const { name } = app.metadata;
  const sources = sourcesAt(app, versionId);
  const source = sources[sourceIndex];
  if (source === undefined)
    throw new TiphysError(
      'InvalidRequest',
      `sourceIndex: application ${name} has no source ${sourceIndex}, it has ${sources.length}`,
    );
  if (!revisionsOf(app, source).has(revision))
    throw new TiphysError(
      'InvalidRequest',
      `revision: ${revision.slice(0, 100)} is not one that application ${name} uses or used`,
    );
  // It may have been permitted once.
  if (permitsSource(project, source.repoURL).type === 'refused') throw bareRefusal();
  return { source, project };
}

function sourcesAt(
  { metadata, spec, status }: Application,
  versionId: number | undefined,
): readonly ApplicationSource[] {
  if (versionId === undefined) return sourcesOf(spec);
  const entry = status.history?.find(({ id }) => id === versionId);
  if (entry !== undefined) return sourcesOf({ source: entry.source, sources: entry.sources });
  throw new TiphysError(
    'InvalidRequest',
    `versionId: application ${metadata.name} does not have deployment with id ${versionId}`,
  );
}

/** All that it is, was, or is to be. */
function revisionsOf({ status, operation }: Application, source: ApplicationSource): Set<string> {
  const { sync, history = [], operationState } = status;
  const all = [sync, ...history, operationState?.syncResult, operation?.sync];
  const named = all.flatMap((one) => [one?.revision ?? '', ...(one?.revisions ?? [])]);
  return new Set([...named, source.targetRevision || 'HEAD', 'HEAD'].filter(Boolean));
}

function detailsOf(chart: JsonValue | undefined): ChartDetails {
  const fields = isJsonObject(chart) ? chart : {};
  const maintainers = isJsonArray(fields['maintainers']) ? fields['maintainers'] : [];
  return {
    description: textOf(fields['description']),
    home: textOf(fields['home']),
    maintainers: maintainers.filter(isJsonObject).map(({ name, email }) => {
      const address = textOf(email);
      return `${textOf(name)}${address === '' ? '' : ` <${address}>`}`.trim();
    }),
  };
}

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

function otherKind({ repoURL }: ApplicationSource, what: string): TiphysError {
  return new TiphysError('RequestFailed', `source ${repoURL}: is not ${what}`, {
    hint: 'Ask for what this kind of source has: metadata, chartdetails or ocimetadata.',
  });
}
