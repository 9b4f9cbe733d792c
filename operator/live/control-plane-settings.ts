import { load } from 'js-yaml';
import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';
import {
  DEFAULT_TRACKING,
  type TrackingMethod,
  type TrackingSettings,
} from '../core/tracking/tracking.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import { DEFAULT_EXCLUSIONS, type KindRule } from './excluded-kinds.ts';

/** What `argocd-cm` says about marking and watching objects. */
export interface ControlPlaneSettings {
  readonly tracking: TrackingSettings;
  readonly exclusions: readonly KindRule[];
  readonly inclusions: readonly KindRule[];
  /** Keys whose value makes no sense; their defaults are used. */
  readonly problems: readonly string[];
}

const METHODS: ReadonlySet<string> = new Set(['annotation', 'label', 'annotation+label']);

/** Reads the settings of a control plane; an absent ConfigMap or key means the default. Never throws. */
export function readControlPlaneSettings(config: ConfigStore): ControlPlaneSettings {
  const data = config.configMap('argocd-cm')?.['data'];
  const problems: string[] = [];
  const text = (key: string): string => {
    const value = isJsonObject(data) ? data[key] : undefined;
    return typeof value === 'string' ? value.trim() : '';
  };
  const rules = (key: string): readonly KindRule[] | undefined => {
    if (text(key) === '') return undefined;
    const read = readRules(text(key));
    if (read === undefined) problems.push(`${key}: is not a list of {apiGroups, kinds}`);
    return read;
  };
  const method = text('application.resourceTrackingMethod');
  const labelKey = text('application.instanceLabelKey');
  const installationId = text('installationID');
  return {
    tracking: {
      method: METHODS.has(method) ? (method as TrackingMethod) : DEFAULT_TRACKING.method,
      labelKey: labelKey === '' ? DEFAULT_TRACKING.labelKey : labelKey,
      installationId: installationId === '' ? undefined : installationId,
    },
    exclusions: rules('resource.exclusions') ?? DEFAULT_EXCLUSIONS,
    inclusions: rules('resource.inclusions') ?? [],
    problems,
  };
}

function readRules(yaml: string): readonly KindRule[] | undefined {
  let parsed: JsonValue;
  try {
    parsed = load(yaml) as JsonValue;
  } catch {
    return undefined; // told as a problem of the key
  }
  if (!isJsonArray(parsed)) return undefined;
  const rules = parsed.map(readRule);
  return rules.every((rule) => rule !== undefined) ? rules : undefined;
}

function readRule(value: JsonValue): KindRule | undefined {
  if (!isJsonObject(value)) return undefined;
  const apiGroups = readTexts(value['apiGroups']);
  const kinds = readTexts(value['kinds']);
  if (apiGroups === 'invalid' || kinds === 'invalid') return undefined;
  return {
    ...(apiGroups === undefined ? {} : { apiGroups }),
    ...(kinds === undefined ? {} : { kinds }),
  };
}

/** An empty list means any, like an absent one. */
function readTexts(value: JsonValue | undefined): readonly string[] | undefined | 'invalid' {
  if (value === undefined || value === null) return undefined;
  if (!isJsonArray(value)) return 'invalid';
  const texts = value.filter((item): item is string => typeof item === 'string');
  if (texts.length !== value.length) return 'invalid';
  return texts.length === 0 ? undefined : texts;
}
