import { z } from 'zod';
import type { ApplicationSpec, ApplicationStatus, Operation, ProjectSpec } from './types.ts';

// One source for parsing and for the CRDs: every description below is what `kubectl explain` prints.
// Names of CRD-only traits (formats, preserved fields) travel in `meta` and are read by `crd.ts`.

/** Text with a description. */
const text = (description: string) => z.string().describe(description);
const flag = (description: string) => z.boolean().describe(description);
const texts = (description: string) => z.array(z.string()).describe(description);
const whole = (description: string) => z.int().describe(description).meta({ format: 'int64' });
const time = (description: string) =>
  z.string().describe(description).meta({ format: 'date-time' });
const textMap = (description: string) => z.record(z.string(), z.string()).describe(description);
/** An object of any content, kept as it is. */
const free = (description: string) =>
  z.record(z.string(), z.json()).describe(description).meta({ preserve: true });

const nameValue = z.object({
  name: text('Name of the entry.'),
  value: text('Value of the entry.'),
});

const helm = z
  .object({
    valueFiles: texts(
      'Values files, weakest first: relative to the chart, absolute from the root of the repository, or $ref/path of another source. Globs are allowed.',
    ).optional(),
    parameters: z
      .array(
        z.object({
          name: text('Path of the value, e.g. image.tag.').optional(),
          value: text('The value.').optional(),
          forceString: flag('Take the value as text even if it looks like a number.').optional(),
        }),
      )
      .describe('Single values, stronger than all values files.')
      .optional(),
    fileParameters: z
      .array(
        z.object({
          name: text('Path of the value.').optional(),
          path: text('File whose content is the value.').optional(),
        }),
      )
      .describe('Values read from files, stronger than parameters.')
      .optional(),
    releaseName: text('Release name. Default: the name of the Application.').optional(),
    values: text('Values as YAML text, stronger than valueFiles.').optional(),
    valuesObject: free('Values as an object; takes the place of values.').optional(),
    version: text('Major version of Helm: empty, v3 or v4.').optional(),
    passCredentials: flag(
      'Send repository credentials to other hosts of the chart too.',
    ).optional(),
    ignoreMissingValueFiles: flag('Pass over values files that do not exist.').optional(),
    skipCrds: flag('Leave out the CRDs in the crds folder of the chart.').optional(),
    skipTests: flag('Leave out test hooks.').optional(),
    skipSchemaValidation: flag('Do not check values against the schema of the chart.').optional(),
    namespace: text('Release namespace. Default: the destination namespace.').optional(),
    kubeVersion: text(
      'Kubernetes version the chart sees. Default: that of the destination.',
    ).optional(),
    apiVersions: texts(
      'API versions the chart sees. Default: those of the destination.',
    ).optional(),
  })
  .describe('How to render a Helm chart.');

const kustomizePatch = z.object({
  path: text('File with the patch.').optional(),
  patch: text('The patch itself, strategic merge or JSON 6902.').optional(),
  target: z
    .object({
      group: text('API group.').optional(),
      version: text('API version.').optional(),
      kind: text('Kind.').optional(),
      name: text('Name, a regular expression.').optional(),
      namespace: text('Namespace, a regular expression.').optional(),
      annotationSelector: text('Annotation selector.').optional(),
      labelSelector: text('Label selector.').optional(),
    })
    .describe('Which objects the patch is for.')
    .optional(),
  options: z.record(z.string(), z.boolean()).describe('Options of the patch.').optional(),
});

const kustomize = z
  .object({
    namePrefix: text('Put in front of every name.').optional(),
    nameSuffix: text('Put behind every name.').optional(),
    namespace: text('Namespace of every object.').optional(),
    images: texts('Images to replace: [old=]new[:tag][@digest].').optional(),
    replicas: z
      .array(
        z.object({
          name: text('Name of the workload.'),
          count: z
            .union([z.int(), z.string()])
            .describe('Number of replicas.')
            .meta({ intOrString: true }),
        }),
      )
      .describe('Numbers of replicas by workload.')
      .optional(),
    commonLabels: textMap('Labels for every object.').optional(),
    commonAnnotations: textMap('Annotations for every object.').optional(),
    forceCommonLabels: flag('Overwrite labels that exist.').optional(),
    forceCommonAnnotations: flag('Overwrite annotations that exist.').optional(),
    commonAnnotationsEnvsubst: flag('Substitute build variables in annotations.').optional(),
    labelWithoutSelector: flag('Do not put commonLabels into selectors.').optional(),
    labelIncludeTemplates: flag('Put commonLabels into pod templates too.').optional(),
    patches: z.array(kustomizePatch).describe('Patches to apply.').optional(),
    components: texts('Components to add.').optional(),
    ignoreMissingComponents: flag('Pass over components that do not exist.').optional(),
    version: text('A registered version of Kustomize.').optional(),
    kubeVersion: text('Kubernetes version for Helm charts in the kustomization.').optional(),
    apiVersions: texts('API versions for Helm charts in the kustomization.').optional(),
  })
  .describe('How to build a kustomization.');

const jsonnetVariable = z.object({
  name: text('Name of the variable.'),
  value: text('Its value.'),
  code: flag('The value is Jsonnet code, not text.').optional(),
});

const directory = z
  .object({
    recurse: flag('Look into subfolders.').optional(),
    include: text('Glob of files to read. Default: all manifests.').optional(),
    exclude: text('Glob of files to leave out; stronger than include.').optional(),
    disableExtensionFilter: flag('Read files whatever their extension.').optional(),
    jsonnet: z
      .object({
        extVars: z.array(jsonnetVariable).describe('External variables.').optional(),
        tlas: z.array(jsonnetVariable).describe('Top-level arguments.').optional(),
        libs: texts('Library folders, from the root of the repository.').optional(),
      })
      .describe('How to evaluate Jsonnet files.')
      .optional(),
  })
  .describe('How to read a folder of manifests.');

const plugin = z
  .object({
    name: text('Name of the plugin. Default: the first that recognises the folder.').optional(),
    env: z.array(nameValue).describe('Variables, passed as ARGOCD_ENV_<name>.').optional(),
    parameters: z
      .array(
        z.object({
          name: text('Name of the parameter.').optional(),
          string: text('A text value.').optional(),
          map: textMap('A map value.').optional(),
          array: texts('A list value.').optional(),
        }),
      )
      .describe('Parameters of the plugin.')
      .optional(),
  })
  .describe('Render with a plugin.');

const sourceFields = {
  repoURL: text('URL of the Git repository, Helm repository or OCI registry.'),
  path: text('Folder in the repository.').optional(),
  targetRevision: text(
    'Branch, tag, commit or version range to follow; a chart version for charts. Default: HEAD.',
  ).optional(),
  helm: helm.optional(),
  kustomize: kustomize.optional(),
  directory: directory.optional(),
  plugin: plugin.optional(),
};

const source = z.object({
  ...sourceFields,
  chart: text('Name of a chart in a Helm repository, instead of path.').optional(),
  ref: text('Name by which values files of other sources refer to this one.').optional(),
  name: text('Name for display.').optional(),
});

const drySource = z.object({
  ...sourceFields,
  path: text('Folder with the dry manifests.').optional(),
});

const sourceHydrator = z
  .object({
    drySource: drySource.describe('Where the dry manifests are.'),
    syncSource: z
      .object({
        targetBranch: text('Branch that is synced from.'),
        path: text('Folder that is synced from; not the root.').meta({
          minLength: 1,
          pattern: '^.{2,}|[^./]$',
        }),
        repoURL: text(
          'Repository that is synced from. Default: that of the dry source.',
        ).optional(),
      })
      .describe('Where the rendered manifests are synced from.'),
    hydrateTo: z
      .object({ targetBranch: text('Branch that is written to.') })
      .describe('A staging branch for the rendered manifests.')
      .optional(),
  })
  .describe('Renders manifests into Git before they are synced.');

const destination = z
  .object({
    server: text('API URL of the cluster. Give either server or name.').optional(),
    name: text('Registered name of the cluster. Give either server or name.').optional(),
    namespace: text('Namespace for objects that name none.').optional(),
  })
  .describe('The cluster and namespace to deploy to.');

const retry = z
  .object({
    limit: whole(
      'How often a failed sync is tried again; below 0 without end. Default 0.',
    ).optional(),
    refresh: flag('Each attempt takes the newest revision.').optional(),
    backoff: z
      .object({
        duration: text('First delay, e.g. 5s; a bare number is seconds. Default 5s.').optional(),
        factor: whole('Each delay is so many times the one before. Default 2.').optional(),
        maxDuration: text('Longest delay. Default 3m.').optional(),
      })
      .describe('Delays between attempts.')
      .optional(),
  })
  .describe('What to do when a sync fails.');

const namespaceMetadata = z
  .object({
    labels: textMap('Labels of the namespace.').optional(),
    annotations: textMap('Annotations of the namespace.').optional(),
  })
  .describe('Metadata of the destination namespace, with CreateNamespace=true.');

const syncPolicy = z
  .object({
    automated: z
      .object({
        enabled: flag(
          'false switches automated sync off and keeps the block. Default true.',
        ).optional(),
        prune: flag('Delete objects that are gone from Git. Default false.').optional(),
        selfHeal: flag('Sync again when live objects drift. Default false.').optional(),
        allowEmpty: flag('Permit a sync that would delete every object. Default false.').optional(),
      })
      .describe('Sync by itself when Git and the cluster differ. Present means on.')
      .optional(),
    syncOptions: texts('Options such as CreateNamespace=true or PruneLast=true.').optional(),
    retry: retry.optional(),
    managedNamespaceMetadata: namespaceMetadata.optional(),
  })
  .describe('When and how to sync.');

const ignoreDifferences = z.array(
  z.object({
    group: text('API group, a glob.').optional(),
    kind: text('Kind, a glob.'),
    name: text('Name. Default: any.').optional(),
    namespace: text('Namespace. Default: any.').optional(),
    jsonPointers: texts('JSON pointers of the fields.').optional(),
    jqPathExpressions: texts('jq path expressions of the fields.').optional(),
    managedFieldsManagers: texts('Fields that these managers own.').optional(),
  }),
);

const applicationSpec = z
  .object({
    project: text('Name of the AppProject. Empty means default.'),
    source: source.describe('Where desired state comes from.').optional(),
    sources: z.array(source).describe('Several sources; they take the place of source.').optional(),
    sourceHydrator: sourceHydrator.optional(),
    destination,
    syncPolicy: syncPolicy.optional(),
    ignoreDifferences: ignoreDifferences
      .describe('Fields whose differences do not matter.')
      .optional(),
    info: z.array(nameValue).describe('Facts for people; without effect.').optional(),
    revisionHistoryLimit: whole(
      'How many syncs the history keeps; 0 keeps none. Default 10.',
    ).optional(),
  })
  .describe('What should run where.');

const syncOperation = z
  .object({
    revision: text('Revision to sync to. Default: targetRevision.').optional(),
    revisions: texts('Revisions to sync to, one for each source.').optional(),
    prune: flag('Delete objects that are gone from Git.').optional(),
    dryRun: flag('Change nothing, only tell what would be done.').optional(),
    syncStrategy: z
      .object({
        apply: z
          .object({ force: flag('Delete and create again where an update is refused.').optional() })
          .describe('Apply without hooks.')
          .optional(),
        hook: z
          .object({ force: flag('Delete and create again where an update is refused.').optional() })
          .describe('Apply with hooks. The default.')
          .optional(),
      })
      .describe('How to sync.')
      .optional(),
    resources: z
      .array(
        z.object({
          group: text('API group.').optional(),
          kind: text('Kind.'),
          name: text('Name.'),
          namespace: text('Namespace. Default: any.').optional(),
        }),
      )
      .describe('Sync only these objects.')
      .optional(),
    source: source.describe('Sync this source instead of the one of the spec.').optional(),
    sources: z
      .array(source)
      .describe('Sync these sources instead of those of the spec.')
      .optional(),
    manifests: texts('Sync these manifests instead of what Git has.').optional(),
    syncOptions: texts('Options of this sync.').optional(),
    autoHealAttemptsCount: whole('How often drift at this revision was healed.').optional(),
  })
  .describe('A sync to carry out.');

const initiatedBy = z
  .object({
    username: text('Who asked for it.').optional(),
    automated: flag('Asked for by automated sync.').optional(),
  })
  .describe('Where an operation comes from.');

const operation = z
  .object({
    sync: syncOperation.optional(),
    initiatedBy: initiatedBy.optional(),
    info: z.array(nameValue).describe('Facts for people.').optional(),
    retry: retry.optional(),
  })
  .describe('Set this to start an operation, e.g. a manual sync; it is removed when it has begun.');

const syncCode = z.enum(['Unknown', 'Synced', 'OutOfSync']);
const healthCode = z.enum([
  'Healthy',
  'Suspended',
  'Progressing',
  'Missing',
  'Degraded',
  'Unknown',
]);
const phase = z.enum(['Running', 'Terminating', 'Failed', 'Error', 'Succeeded']);

const health = z
  .object({
    status: healthCode.describe('How well it is.').optional(),
    message: text('Why.').optional(),
    lastTransitionTime: time('Since when.').optional(),
  })
  .describe('Health.');

const syncResult = z
  .object({
    revision: text('The revision that was synced.').optional(),
    revisions: texts('The revisions that were synced, one for each source.').optional(),
    source: source.describe('The source that was synced.').optional(),
    sources: z.array(source).describe('The sources that were synced.').optional(),
    managedNamespaceMetadata: namespaceMetadata.optional(),
    resources: z
      .array(
        z.object({
          group: text('API group.'),
          version: text('API version.'),
          kind: text('Kind.'),
          namespace: text('Namespace.'),
          name: text('Name.'),
          status: z
            .enum(['Synced', 'SyncFailed', 'Pruned', 'PruneSkipped'])
            .describe('What was done.')
            .optional(),
          message: text('What the API server said.').optional(),
          hookType: text('Phase of a hook; empty for other objects.').optional(),
          hookPhase: phase.describe('How it went on.').optional(),
          syncPhase: z
            .enum(['PreSync', 'Sync', 'PostSync', 'SyncFail'])
            .describe('When it was done.')
            .optional(),
          images: texts('Images of its pod template.').optional(),
        }),
      )
      .describe('One entry for each object, in order of execution.')
      .optional(),
  })
  .describe('What a sync did.');

const operationState = z
  .object({
    operation,
    phase: phase.describe('Set to Terminating to end a running operation.'),
    startedAt: time('Begin.'),
    finishedAt: time('End; present while Running between two attempts.').optional(),
    message: text('What it waits for, or how it ended.').optional(),
    retryCount: whole('Attempts after the first.').optional(),
    syncResult: syncResult.optional(),
  })
  .describe('The running or last operation.');

const historyEntry = z.object({
  id: whole('Number of the entry, from 0.'),
  revision: text('Revision.').optional(),
  revisions: texts('Revisions, one for each source.').optional(),
  source: source.describe('Source.').optional(),
  sources: z.array(source).describe('Sources.').optional(),
  deployedAt: time('End of the sync.'),
  deployStartedAt: time('Begin of the sync.').optional(),
  initiatedBy: initiatedBy.optional(),
});

const applicationStatus = z
  .object({
    sync: z
      .object({
        status: syncCode.describe('Whether the cluster is as Git says.'),
        comparedTo: z
          .object({
            source: source.describe('Source of the comparison.').optional(),
            sources: z.array(source).describe('Sources of the comparison.').optional(),
            destination,
            ignoreDifferences: ignoreDifferences.describe('Ignored differences.').optional(),
          })
          .describe('What was compared.')
          .optional(),
        revision: text('Resolved revision.').optional(),
        revisions: texts('Resolved revisions, one for each source.').optional(),
      })
      .describe('The last comparison.')
      .optional(),
    health: health.optional(),
    resources: z
      .array(
        z.object({
          group: text('API group.').optional(),
          version: text('API version.').optional(),
          kind: text('Kind.').optional(),
          namespace: text('Namespace.').optional(),
          name: text('Name.').optional(),
          status: syncCode.describe('Whether it is as Git says.').optional(),
          health: health.optional(),
          hook: flag('It is a hook.').optional(),
          requiresPruning: flag('It is gone from Git.').optional(),
          requiresDeletionConfirmation: flag('It is deleted only after approval.').optional(),
          syncWave: whole('Wave.').optional(),
        }),
      )
      .describe('The objects, sorted.')
      .optional(),
    resourceHealthSource: text('Where the health of resources is: here when empty.').optional(),
    history: z.array(historyEntry).describe('Successful syncs, oldest first.').optional(),
    conditions: z
      .array(
        z.object({
          type: text('Kind of condition; errors end in Error, warnings in Warning.'),
          message: text('What is the matter.'),
          lastTransitionTime: time('Since when.').optional(),
        }),
      )
      .describe('What is the matter, if anything.')
      .optional(),
    operationState: operationState.optional(),
    reconciledAt: time(
      'The last comparison with the newest revision that changed anything.',
    ).optional(),
    observedAt: time('Not used.').optional(),
    sourceType: text('Directory, Helm, Kustomize or Plugin.').optional(),
    sourceTypes: texts('The same, one for each source.').optional(),
    summary: z
      .object({
        externalURLs: texts('URLs under which the application can be reached.').optional(),
        images: texts('Images that run.').optional(),
        isAppOfApps: flag('It deploys Applications.').optional(),
      })
      .describe('At a glance.')
      .optional(),
    controllerNamespace: text('Namespace of the control plane.').optional(),
    sourceHydrator: free('State of the hydrator.').optional(),
  })
  .describe('What was found; written by the operator.');

const resourceRules = (description: string) =>
  z
    .array(
      z.object({
        group: text('API group, a glob.'),
        kind: text('Kind, a glob.'),
        name: text('Name, a glob. Default: any.').optional(),
      }),
    )
    .describe(description);

const syncWindow = z.object({
  kind: text('allow or deny.').optional(),
  schedule: text('Begin, as a cron line of five fields.').optional(),
  duration: text('Length, e.g. 1h.').optional(),
  applications: texts('Names of Applications, globs.').optional(),
  namespaces: texts('Destination namespaces, globs.').optional(),
  clusters: texts('Destination clusters, globs.').optional(),
  manualSync: flag('Manual syncs may pass.').optional(),
  timeZone: text('IANA time zone. Default UTC.').optional(),
  andOperator: flag('All of the lists must match, not any.').optional(),
  syncOverrun: flag('A sync that has begun may go on.').optional(),
  description: text('For people.').meta({ maxLength: 255 }).optional(),
});

const projectSpec = z
  .object({
    description: text('For people.').meta({ maxLength: 255 }).optional(),
    sourceRepos: texts('Repositories, globs; ! in front refuses.').optional(),
    destinations: z
      .array(
        z.object({
          server: text('API URL of the cluster, a glob; ! in front refuses.').optional(),
          name: text('Name of the cluster, a glob; ! in front refuses.').optional(),
          namespace: text('Namespace, a glob; ! in front refuses.').optional(),
        }),
      )
      .describe('Where may be deployed to.')
      .optional(),
    sourceNamespaces: texts(
      'Further namespaces whose Applications may use the project.',
    ).optional(),
    clusterResourceWhitelist: resourceRules(
      'Cluster-scoped kinds that are permitted. Default: none.',
    ).optional(),
    clusterResourceBlacklist: resourceRules('Cluster-scoped kinds that are refused.').optional(),
    namespaceResourceWhitelist: resourceRules(
      'Namespaced kinds that are permitted. Default: all; an empty list permits none.',
    ).optional(),
    namespaceResourceBlacklist: resourceRules('Namespaced kinds that are refused.').optional(),
    orphanedResources: z
      .object({
        warn: flag(
          'Warn about objects in destination namespaces that no application owns.',
        ).optional(),
        ignore: z
          .array(
            z.object({
              group: text('API group, a glob.').optional(),
              kind: text('Kind, a glob.').optional(),
              name: text('Name, a glob.').optional(),
            }),
          )
          .describe('Objects that do not count.')
          .optional(),
      })
      .describe('Look for objects that no application owns.')
      .optional(),
    syncWindows: z.array(syncWindow).describe('When syncs may run.').optional(),
    destinationServiceAccounts: z
      .array(
        z.object({
          server: text('API URL of the cluster, a glob.'),
          namespace: text('Destination namespace, a glob.').optional(),
          defaultServiceAccount: text('Account to sync as: name or namespace:name.'),
        }),
      )
      .describe('Accounts that syncs impersonate.')
      .optional(),
    permitOnlyProjectScopedClusters: flag('Only clusters that belong to this project.').optional(),
    roles: z
      .array(
        z.object({
          name: text('Name of the role.'),
          description: text('For people.').optional(),
          policies: texts('Policy lines.').optional(),
          groups: texts('Groups that have the role.').optional(),
          jwtTokens: z
            .array(
              z.object({
                iat: whole('Issued at, seconds since 1970.'),
                exp: whole('Expires at, seconds since 1970.').optional(),
                id: text('Id of the token.').optional(),
              }),
            )
            .describe('Tokens of the role.')
            .optional(),
        }),
      )
      .describe('Who may do what through the API.')
      .optional(),
    signatureKeys: z
      .array(z.object({ keyID: text('Id of a GPG key.') }))
      .describe('Keys that must have signed commits.')
      .optional(),
    sourceIntegrity: free('Signature policies by repository.').optional(),
  })
  .describe('What the Applications of the project may do.');

const projectStatus = z
  .object({ jwtTokensByRole: free('Tokens by role.').optional() })
  .describe('Written by the API server of the control plane.');

/** Schema of `spec` of an Application. */
export const applicationSpecSchema: z.ZodType<ApplicationSpec> = applicationSpec;
/** Schema of `operation` of an Application. */
export const operationSchema: z.ZodType<Operation> = operation;
/** Schema of `status` of an Application. */
export const applicationStatusSchema: z.ZodType<ApplicationStatus> = applicationStatus;
/** Schema of `spec` of an AppProject. */
export const projectSpecSchema: z.ZodType<ProjectSpec> = projectSpec;
/** Schema of `status` of an AppProject. */
export const projectStatusSchema: z.ZodType<object> = projectStatus;
