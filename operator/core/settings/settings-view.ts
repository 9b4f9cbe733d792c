import { canonicalJson, type JsonValue } from '../objects/json.ts';
import type { GroupKind } from '../objects/kube-object.ts';
import {
  customizationsOf,
  type ActionScripts,
  type CelHealth,
  type CompareSettings,
  type IgnoreRule,
  type KnownTypeField,
  type LuaScript,
  type ResourceSettings,
} from './resource-settings.ts';

/** What the settings mean for one kind. */
export interface KindSettings {
  /** The closest health rule; a Lua script goes before expressions for the same kind. */
  readonly health: HealthRule | undefined;
  readonly actions: ActionScripts | undefined;
  /** All of them apply. */
  readonly ignoreDifferences: readonly IgnoreRule[];
  readonly ignoreResourceUpdates: readonly IgnoreRule[];
  readonly knownTypeFields: readonly KnownTypeField[];
  readonly compare: CompareSettings;
}

/** `name` is shown as the rule that judged, e.g. `lua argoproj.io/Rollout`. */
export type HealthRule =
  | { readonly type: 'lua'; readonly name: string; readonly script: LuaScript }
  | { readonly type: 'cel'; readonly name: string; readonly cel: CelHealth };

/** Settings as kinds see them. Asking twice gives the same object, also in later views while nothing changed for the kind. */
export interface SettingsView {
  readonly settings: ResourceSettings;
  kind(kind: GroupKind): KindSettings;
  /** Kinds that were asked for, and that `next` treats differently. */
  changedKinds(next: SettingsView): readonly GroupKind[];
}

interface Known {
  readonly kind: GroupKind;
  readonly text: string;
  readonly settings: KindSettings;
}

/**
 * A view that takes over from `previous`: a kind whose settings are the same keeps the very same
 * object, so that what was worked out with it stays valid.
 */
export function createSettingsView(
  settings: ResourceSettings,
  previous?: SettingsView & { readonly known?: ReadonlyMap<string, Known> },
): SettingsView {
  const known = new Map<string, Known>();
  // Only its kinds: a view that held on to the one before would keep all that ever were.
  const inherited = previous?.known;
  const view = {
    settings,
    known,
    kind(kind: GroupKind): KindSettings {
      const id = `${kind.group}/${kind.kind}`;
      const cached = known.get(id);
      if (cached !== undefined) return cached.settings;
      const made = settingsOf(settings, kind);
      const text = canonicalJson(made as unknown as JsonValue); // holds nothing but JSON
      const before = inherited?.get(id);
      const kept = before?.text === text ? before.settings : made;
      known.set(id, { kind: { group: kind.group, kind: kind.kind }, text, settings: kept });
      return kept;
    },
    changedKinds(next: SettingsView): readonly GroupKind[] {
      return [...known.values()].flatMap(({ kind, settings: mine }) =>
        next.kind(kind) === mine ? [] : [kind],
      );
    },
  };
  return view;
}

function settingsOf(settings: ResourceSettings, kind: GroupKind): KindSettings {
  const matching = customizationsOf(settings, kind);
  const judging = matching.find(
    (entry) => entry.health !== undefined || entry.healthCel !== undefined,
  );
  return {
    health: healthRule(judging),
    // Actions are said of one kind; wildcards do not count, as in Argo CD.
    actions: matching.find(
      (entry) =>
        entry.actions !== undefined && entry.group === kind.group && entry.kind === kind.kind,
    )?.actions,
    ignoreDifferences: matching.flatMap((entry) => entry.ignoreDifferences ?? []),
    ignoreResourceUpdates: matching.flatMap((entry) => entry.ignoreResourceUpdates ?? []),
    knownTypeFields: matching.flatMap((entry) => entry.knownTypeFields ?? []),
    compare: settings.compare,
  };
}

function healthRule(
  entry: ReturnType<typeof customizationsOf>[number] | undefined,
): HealthRule | undefined {
  if (entry === undefined) return undefined;
  const name = `${entry.group}/${entry.kind}`;
  if (entry.health !== undefined) return { type: 'lua', name: `lua ${name}`, script: entry.health };
  return entry.healthCel === undefined
    ? undefined
    : { type: 'cel', name: `cel ${name}`, cel: entry.healthCel };
}
