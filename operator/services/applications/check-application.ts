import { instanceName } from '../../core/app/names.ts';
import type { Application, ApplicationSource, Project } from '../../core/app/types.ts';
import { hasCode, TiphysError, toTiphysError } from '../../core/errors.ts';
import { type Admission, admit } from '../../engine/admit.ts';
import { manifestRequest } from '../../engine/load-state.ts';
import type { Cluster, ClusterEntry } from '../../ports/clusters.ts';
import type { Manifests } from '../../ports/manifest-source.ts';
import type { ControlPlane } from '../control-plane.ts';
import { admittingProject } from './find-application.ts';

type Admitted = Extract<Admission, { type: 'admitted' }>;

/**
 * What the project says to an Application that somebody wants to write, whoever it is. With `validate` its
 * sources are rendered too. Errors: `InvalidRequest`, which lists what is wrong.
 */
export async function checkApplication(
  app: Application,
  controlPlane: ControlPlane,
  { validate }: { readonly validate: boolean },
  signal: AbortSignal,
): Promise<void> {
  const admitted = admittedOf(app, controlPlane);
  if (!validate) return;
  try {
    await renderApplication(app, admitted, { freshRevisions: true }, controlPlane, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (hasCode(error, 'Internal')) throw error;
    throw refused(app, [`Unable to generate manifests: ${toTiphysError(error).message}`]);
  }
}

/** The project and the destination of an Application that may be worked on. Errors: `InvalidRequest`. */
export function admittedOf(app: Application, { ports, settings }: ControlPlane): Admitted {
  const { project } = app.spec;
  admittingProject(project, app.metadata.namespace, { ports, settings });
  const admission = admit(app, ports, settings);
  if (admission.type === 'admitted') return admission;
  throw refused(
    app,
    admission.conditions.map(({ message }) => message),
  );
}

export interface RenderOptions {
  /** Default: those of the Application. */
  readonly sources?: readonly ApplicationSource[];
  /** One for each source; empty texts are resolved. Default: what the sources say. */
  readonly revisions?: readonly string[];
  readonly freshRevisions?: boolean;
  readonly freshManifests?: boolean;
}

/** The desired objects of an Application. Errors: as `ManifestSource`, and those of the cluster. */
export async function renderApplication(
  app: Application,
  admitted: {
    readonly project: Project;
    readonly destination: ClusterEntry;
    readonly sources: readonly ApplicationSource[];
  },
  options: RenderOptions,
  { ports, settings }: ControlPlane,
  signal: AbortSignal,
): Promise<{ readonly manifests: Manifests; readonly cluster: Cluster }> {
  const { sources = admitted.sources, freshRevisions = false, freshManifests = false } = options;
  const cluster = await ports.clusters.connect(admitted.destination.server, signal);
  const request = {
    ...manifestRequest({
      ...{ app, cluster, sources, freshRevisions, freshManifests },
      project: admitted.project,
      revisions: sources.map((_, index) => options.revisions?.[index] ?? ''),
      instance: instanceName(app.metadata, settings.namespace),
    }),
    isTrial: true, // the operator may have other revisions in work
  };
  return { manifests: await ports.manifests.manifests(request, signal), cluster };
}

function refused({ metadata }: Application, problems: readonly string[]): TiphysError {
  return new TiphysError(
    'InvalidRequest',
    `application spec for ${metadata.name} is invalid: ${problems.join('; ')}`,
    { hint: 'Correct the spec, or ask an administrator to permit it in the AppProject.' },
  );
}
