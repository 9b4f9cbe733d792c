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

/** As Kubernetes selects by labels: all requirements must hold. */
export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values: readonly string[];
}

export const DEFAULT_PROJECT_SETTINGS: ProjectSettings = {
  impersonation: { enabled: false, enforced: true },
  globalProjects: [],
};

/** Whether labels meet a selector; an empty one selects everything. */
export function selects(
  { matchLabels, matchExpressions }: LabelSelector,
  labels: Readonly<Record<string, string>>,
): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      const value = labels[key];
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value);
        case 'NotIn':
          return value === undefined || !values.includes(value);
        case 'Exists':
          return value !== undefined;
        case 'DoesNotExist':
          return value === undefined;
      }
    })
  );
}
