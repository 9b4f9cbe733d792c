import type { LabelSelector } from '../objects/label-selector.ts';

/** What `argocd-cm` says about all AppProjects. */
export interface ProjectSettings {
  /** Whether syncs act as the service accounts that projects name. */
  readonly impersonation: {
    readonly enabled: boolean;
    /** Without a service account nothing is written; else the operator writes as itself. */
    readonly enforced: boolean;
  };
  readonly globalProjects: readonly GlobalProject[];
}

/** A project whose lists count for all projects with certain labels as well. */
export interface GlobalProject {
  readonly projectName: string;
  readonly selector: LabelSelector;
}

export const DEFAULT_PROJECT_SETTINGS: ProjectSettings = {
  impersonation: { enabled: false, enforced: true },
  globalProjects: [],
};
