import type { Application, ApplicationStatus, SourceHydrator } from '../app/types.ts';

type HydratorStatus = NonNullable<ApplicationStatus['sourceHydrator']>;

/** What is known of one hydration. Times are RFC 3339. */
export interface HydrationRun {
  readonly sourceHydrator: SourceHydrator;
  readonly drySHA: string;
  readonly startedAt: string;
}

const before = ({ status }: Pick<Application, 'status'>): HydratorStatus =>
  status.sourceHydrator ?? {};

/** A commit is about to be made. */
export function hydrating(app: Pick<Application, 'status'>, run: HydrationRun): HydratorStatus {
  const message = `committing what ${run.drySHA} renders to`;
  return { ...before(app), currentOperation: { ...run, phase: 'Hydrating', message } };
}

export function hydrationFailed(
  app: Pick<Application, 'status'>,
  run: HydrationRun,
  { message, finishedAt }: { readonly message: string; readonly finishedAt: string },
): HydratorStatus {
  return {
    ...before(app),
    currentOperation: { ...run, phase: 'Failed', message, finishedAt },
  };
}

export function hydrated(
  run: HydrationRun,
  { hydratedSHA, finishedAt }: { readonly hydratedSHA: string; readonly finishedAt: string },
): HydratorStatus {
  const { sourceHydrator, drySHA } = run;
  return {
    currentOperation: { ...run, phase: 'Hydrated', hydratedSHA, finishedAt },
    lastSuccessfulOperation: { sourceHydrator, drySHA, hydratedSHA },
    lastComparedDryRevision: drySHA,
  };
}

/** The dry source moved, and nothing that it renders to did. */
export function comparedOnly(app: Pick<Application, 'status'>, drySHA: string): HydratorStatus {
  return { ...before(app), lastComparedDryRevision: drySHA };
}
