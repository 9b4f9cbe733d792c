import type { AppKey } from '../core/app/app-key.ts';
import type { Application, Project } from '../core/app/types.ts';
import type { ComparedApplication } from './views/managed-resource.ts';
import type { HealLoopSettings } from '../core/sync/heal-loop.ts';
import type { ProjectSettings } from '../core/project/project-settings.ts';
import type { PruneLimit } from '../core/sync/prune-brake.ts';
import type { SettingsView } from '../core/settings/settings-view.ts';
import type { TrackingSettings } from '../core/tracking/tracking.ts';
import type {
  AppStore,
  Clock,
  Clusters,
  EventSink,
  Logger,
  ManifestSource,
  Metrics,
  ProjectStore,
  Schedule,
  ScriptEngine,
} from '../ports/index.ts';

/** Everything the engine reaches the world through. */
export interface EnginePorts {
  readonly apps: AppStore;
  readonly projects: ProjectStore;
  readonly clusters: Clusters;
  readonly manifests: ManifestSource;
  /** Runs what administrators and users wrote. */
  readonly scripts: ScriptEngine;
  /** What `argocd-cm` says about projects, as of now. */
  readonly projectSettings: () => ProjectSettings;
  /** URLs of repositories that are registered for one project, which permits them. Default: none. */
  readonly repositoriesOf?: (project: string) => readonly string[];
  /** Reads the times of sync windows. */
  readonly schedule: Schedule;
  /** What `argocd-cm` says about objects, as of now. */
  readonly resources: () => SettingsView;
  readonly events: EventSink;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Told of every comparison. Default: nobody. */
  readonly comparisons?: ComparisonSink;
}

/** An application as it was just compared, for those who show it. */
export interface ComparedForFront extends ComparedApplication {
  readonly project: Project;
  /** Somebody asked for it: it is told even when nothing is new. */
  readonly forced: boolean;
}

/** Takes comparisons and never fails or waits. */
export interface ComparisonSink {
  compared(found: ComparedForFront): void;
  /** It could not be compared; what was told before still holds. */
  failed(app: Application): void;
  /** Resolves when what was told of this application is where others see it, or cannot be; soon in any case. */
  settled(key: AppKey, signal: AbortSignal): Promise<void>;
}

/** How the engine behaves; all durations in milliseconds. */
export interface EngineSettings {
  /** Namespace of the control plane: Applications elsewhere need `applicationNamespaces`. */
  readonly namespace: string;
  /** Globs of further namespaces whose Applications are processed. */
  readonly applicationNamespaces: readonly string[];
  readonly tracking: TrackingSettings;
  /** Field manager of server-side apply. */
  readonly fieldManager: string;
  /** Every application is compared against the newest revision at least this often, plus a random part of `resyncJitterMs`; 0 is never. */
  readonly resyncMs: number;
  readonly resyncJitterMs: number;
  /** As `resyncMs`, but rendering anew; 0 is never. */
  readonly hardResyncMs: number;
  readonly selfHeal: {
    readonly delayMs: number;
    readonly backoffMs: number;
    readonly factor: number;
    readonly capMs: number;
  };
  /** When to stop healing what somebody else sets back. */
  readonly healLoop: HealLoopSettings;
  /** How long failures to reach a repository leave the status as it was. */
  readonly repoErrorGraceMs: number;
  /** An operation that runs longer is terminated; 0 is never. */
  readonly syncTimeoutMs: number;
  /** An operation is terminated when one of its phases takes longer; 0 is never. */
  readonly syncPhaseTimeoutMs: number;
  /** How long a hook may take that does not say so itself; 0 is for ever. */
  readonly hookDeadlineMs: number;
  /** Pause between waves, so that other controllers can react. */
  readonly waveDelayMs: number;
  /** How much of an application may be pruned at once without approval; undefined: all of it. */
  readonly pruneLimit: PruneLimit | undefined;
  /** Parallel writes of one sync. */
  readonly applyParallelism: number;
  /** Writes the health of each resource into `status.resources`. */
  readonly persistResourceHealth: boolean;
  /** Commits what dry sources render to; otherwise Applications with a hydrator wait for somebody else to do so. */
  readonly hydrates: boolean;
}
