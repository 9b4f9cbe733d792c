import { compileGlob } from '../glob.ts';
import type { GroupKind } from '../objects/kube-object.ts';

/** A Lua program of an administrator. */
export interface LuaScript {
  readonly source: string;
  /** Opens the standard libraries that touch neither files nor processes. */
  readonly openLibs: boolean;
}

/** Expressions over `obj`, one for each status, tried in this order: the first true one decides. */
export interface CelHealth {
  readonly rules: readonly CelRule[];
}

export interface CelRule {
  readonly status: 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended' | 'Missing';
  /** A CEL expression that yields a boolean. */
  readonly when: string;
  /** A CEL expression that yields a text; absent means no message. */
  readonly message?: string;
}

/** What of an object is not compared. */
export interface IgnoreRule {
  /** RFC 6901; a segment `*` stands for every member. */
  readonly jsonPointers: readonly string[];
  readonly jqPathExpressions: readonly string[];
  /** Fields that these field managers own. */
  readonly managedFieldsManagers: readonly string[];
  /** Why the rule could not be read: what differs of its kinds is not decided until it can be. */
  readonly unreadable?: string;
}

export interface ActionDefinition {
  readonly name: string;
  readonly source: string;
}

export interface ActionScripts {
  readonly discovery: string;
  readonly definitions: readonly ActionDefinition[];
  /** False hides the built-in actions of the kind. */
  readonly mergeBuiltinActions: boolean;
}

/** A field whose value is read as a known type before comparing, e.g. `{ field: 'spec.size', type: 'core/Quantity' }`. */
export interface KnownTypeField {
  readonly field: string;
  readonly type: string;
}

/** What the administrator says about one kind, or about the kinds that two globs name. */
export interface ResourceCustomization {
  /** Globs. The core group is empty. */
  readonly group: string;
  readonly kind: string;
  readonly health?: LuaScript;
  readonly healthCel?: CelHealth;
  readonly actions?: ActionScripts;
  readonly ignoreDifferences?: IgnoreRule;
  readonly ignoreResourceUpdates?: IgnoreRule;
  readonly knownTypeFields?: readonly KnownTypeField[];
}

export interface CompareSettings {
  readonly ignoreAggregatedRoles: boolean;
  /** For which kinds `status` is no part of comparing. */
  readonly ignoreResourceStatus: 'all' | 'crd' | 'none';
  /** Whether `ignoreDifferences` also decides which updates are worth a reconcile. */
  readonly ignoreDifferencesOnResourceUpdates: boolean;
  /** False: every update of an object is worth one, whatever the rules say. */
  readonly ignoreResourceUpdatesEnabled: boolean;
}

/** Everything `argocd-cm` says about comparing and judging objects. */
export interface ResourceSettings {
  /** Kinds without wildcards first. */
  readonly customizations: readonly ResourceCustomization[];
  readonly compare: CompareSettings;
  /** Annotations of Secrets whose values are masked like data. */
  readonly sensitiveAnnotations: readonly string[];
  /**
   * What could not be understood: key and reason, for logs and conditions. Those parts are left out;
   * rules on what not to compare stay, as unreadable ones.
   */
  readonly problems: readonly string[];
}

export const DEFAULT_RESOURCE_SETTINGS: ResourceSettings = {
  customizations: [],
  compare: {
    ignoreAggregatedRoles: false,
    ignoreResourceStatus: 'all',
    ignoreDifferencesOnResourceUpdates: true,
    ignoreResourceUpdatesEnabled: true,
  },
  sensitiveAnnotations: [],
  problems: [],
};

/** Customizations that apply to a kind, the exact one first, then in the order given. */
export function customizationsOf(
  settings: ResourceSettings,
  { group, kind }: GroupKind,
): readonly ResourceCustomization[] {
  return settings.customizations.filter(
    (entry) => compileGlob(entry.group)(group) && compileGlob(entry.kind)(kind),
  );
}
