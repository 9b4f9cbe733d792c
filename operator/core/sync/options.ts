import { groupOf, type KubeObject } from '../objects/kube-object.ts';

export const SYNC_OPTIONS_ANNOTATION = 'argocd.argoproj.io/sync-options';

/** `Prune` and `Delete` have three values: yes, no, and only after somebody approved. */
export type Permission = 'yes' | 'no' | 'confirm';

/** The sync options of an application or an operation; matching is exact, unknown ones are ignored. */
export interface SyncOptions {
  readonly validate: boolean;
  readonly createNamespace: boolean;
  readonly pruneLast: boolean;
  readonly propagation: 'Foreground' | 'Background' | 'Orphan';
  readonly prune: Permission;
  readonly delete: Permission;
  readonly replace: boolean;
  readonly force: boolean;
  /** Undefined where nothing is said: then server-side. */
  readonly serverSideApply: boolean | undefined;
  readonly clientSideApplyMigration: boolean;
  readonly applyOutOfSyncOnly: boolean;
  readonly failOnSharedResource: boolean;
  readonly respectIgnoreDifferences: boolean;
  readonly skipDryRunOnMissingResource: boolean;
  /** Ours: a whole sync, with a place in the history, that runs no hooks. */
  readonly skipHooks: boolean;
}

/** Reads `spec.syncPolicy.syncOptions` or `operation.sync.syncOptions`. */
export function parseSyncOptions(list: readonly string[] | undefined): SyncOptions {
  const options = new Set(list);
  return {
    validate: !options.has('Validate=false'),
    createNamespace: options.has('CreateNamespace=true'),
    pruneLast: options.has('PruneLast=true'),
    propagation: options.has('PrunePropagationPolicy=background')
      ? 'Background'
      : options.has('PrunePropagationPolicy=orphan')
        ? 'Orphan'
        : 'Foreground',
    prune: permission(options, 'Prune') ?? 'yes',
    delete: permission(options, 'Delete') ?? 'yes',
    replace: options.has('Replace=true'),
    force: options.has('Force=true'),
    serverSideApply: options.has('ServerSideApply=true')
      ? true
      : options.has('ServerSideApply=false')
        ? false
        : undefined,
    clientSideApplyMigration: !options.has('ClientSideApplyMigration=false'),
    applyOutOfSyncOnly: options.has('ApplyOutOfSyncOnly=true'),
    failOnSharedResource: options.has('FailOnSharedResource=true'),
    respectIgnoreDifferences: options.has('RespectIgnoreDifferences=true'),
    skipDryRunOnMissingResource: options.has('SkipDryRunOnMissingResource=true'),
    skipHooks: options.has('SkipHooks=true'),
  };
}

/** The options written on a resource itself, as a set of `Key=value` texts. */
export function resourceOptions(object: KubeObject | undefined): ReadonlySet<string> {
  const text = object?.metadata.annotations?.[SYNC_OPTIONS_ANNOTATION];
  if (text === undefined) return NONE;
  return new Set(text.split(',').map((option) => option.trim()));
}

const NONE: ReadonlySet<string> = new Set();

function permission(options: ReadonlySet<string>, key: string): Permission | undefined {
  if (options.has(`${key}=confirm`)) return 'confirm';
  return options.has(`${key}=false`) ? 'no' : options.has(`${key}=true`) ? 'yes' : undefined;
}

/** Whether an object may be pruned (or deleted in a cascade): its own annotation beats the application's option. */
export function permissionOf(
  key: 'Prune' | 'Delete',
  object: KubeObject,
  inherited: Permission,
): Permission {
  return permission(resourceOptions(object), key) ?? inherited;
}

/** How an object is written. */
export type ApplyMode = 'server-side' | 'client-side' | 'replace';

/** Replacing beats applying, and what is written on the object beats what the operation says. */
export function applyMode(
  options: SyncOptions,
  target: KubeObject,
  live: KubeObject | undefined,
): ApplyMode {
  const own = resourceOptions(target);
  if (options.replace || own.has('Replace=true') || resourceOptions(live).has('Replace=true'))
    return 'replace';
  if (own.has('ServerSideApply=false')) return 'client-side';
  if (own.has('ServerSideApply=true')) return 'server-side';
  return options.serverSideApply === false ? 'client-side' : 'server-side';
}

/** Whether an object that cannot be changed is deleted and made anew. */
export function mayRecreate(
  options: SyncOptions,
  target: KubeObject,
  live: KubeObject | undefined,
): boolean {
  return (
    (options.force ||
      resourceOptions(target).has('Force=true') ||
      resourceOptions(live).has('Force=true')) &&
    !isNeverDeleted(target)
  );
}

/** With a Namespace or a CRD goes all that is in it. */
const isNeverDeleted = ({ apiVersion, kind }: KubeObject): boolean =>
  (kind === 'Namespace' && apiVersion === 'v1') ||
  (kind === 'CustomResourceDefinition' && groupOf(apiVersion) === 'apiextensions.k8s.io');
