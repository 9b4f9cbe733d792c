import { load } from 'js-yaml';
import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';
import type { LabelRequirement } from '../core/objects/label-selector.ts';
import {
  DEFAULT_PROJECT_SETTINGS,
  type GlobalProject,
  type ProjectSettings,
} from '../core/project/project-settings.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Logger } from '../ports/telemetry.ts';

/** What `argocd-cm` says about projects, as of now. */
export interface FollowedProjectSettings extends Disposable {
  current(): ProjectSettings;
  /** The listener must not throw or wait. */
  onChange(listener: () => void): Disposable;
}

/** Follows the ConfigMap; what makes no sense is logged, and the stricter meaning is taken. */
export function followProjectSettings(
  config: ConfigStore,
  logger: Logger,
): FollowedProjectSettings {
  const listeners = new Set<() => void>();
  let settings = read();

  function read(): ProjectSettings {
    const found = readProjectSettings(config.configMap('argocd-cm')?.['data']);
    for (const problem of found.problems) logger.warn({ problem }, 'argocd-cm has an invalid key');
    return found.settings;
  }

  const subscription = config.onChange((object) => {
    if (object.metadata.name !== 'argocd-cm') return;
    const before = JSON.stringify(settings);
    settings = read();
    if (JSON.stringify(settings) === before) return;
    logger.info({}, 'argocd-cm changed global projects or impersonation');
    for (const listener of listeners) listener();
  });

  return {
    current: () => settings,
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}

interface Read {
  readonly settings: ProjectSettings;
  readonly problems: readonly string[];
}

const TRUE = new Set(['1', 't', 'true']);
const FALSE = new Set(['0', 'f', 'false']);

/** Reads the keys of `argocd-cm`. Never throws. */
export function readProjectSettings(data: JsonValue | undefined): Read {
  const problems: string[] = [];
  const text = (key: string): string => {
    const value = isJsonObject(data) ? data[key] : undefined;
    return typeof value === 'string' ? value.trim() : '';
  };
  const flag = (key: string, whenAbsent: boolean): boolean => {
    const value = text(key).toLowerCase();
    if (value === '') return whenAbsent;
    if (!TRUE.has(value) && !FALSE.has(value)) problems.push(`${key}: is neither true nor false`);
    return !FALSE.has(value); // whoever wrote something wanted to be protected
  };
  const { impersonation } = DEFAULT_PROJECT_SETTINGS;
  const prefix = 'application.sync.impersonation';
  const enabled = flag(`${prefix}.enabled`, impersonation.enabled);
  const enforced = flag(`${prefix}.enforced`, impersonation.enforced);
  const globalProjects = readGlobalProjects(text('globalProjects'), problems);
  return { settings: { impersonation: { enabled, enforced }, globalProjects }, problems };
}

function readGlobalProjects(yaml: string, problems: string[]): readonly GlobalProject[] {
  if (yaml === '') return [];
  const parsed = parse(yaml);
  if (!isJsonArray(parsed)) {
    problems.push('globalProjects: is not a list of {projectName, labelSelector}');
    return [];
  }
  return parsed.flatMap((entry, index) => {
    const read = readGlobalProject(entry);
    if (read === undefined)
      problems.push(`globalProjects[${index}]: has no usable selector or name`);
    return read ?? [];
  });
}

function parse(yaml: string): JsonValue | undefined {
  try {
    return load(yaml) as JsonValue;
  } catch {
    return undefined; // told as a problem of the key
  }
}

function readGlobalProject(entry: JsonValue): GlobalProject | undefined {
  if (!isJsonObject(entry)) return undefined;
  const { projectName, labelSelector } = entry;
  if (typeof projectName !== 'string' || projectName === '') return undefined;
  const selector = labelSelector ?? {};
  if (!isJsonObject(selector)) return undefined;
  const labels = Object.entries(
    isJsonObject(selector['matchLabels']) ? selector['matchLabels'] : {},
  );
  const expressions = isJsonArray(selector['matchExpressions']) ? selector['matchExpressions'] : [];
  const requirements = expressions.map(readRequirement);
  if (!requirements.every((requirement) => requirement !== undefined)) return undefined;
  const matchLabels = Object.fromEntries(labels.map(([key, value]) => [key, asText(value)]));
  return { projectName, selector: { matchLabels, matchExpressions: requirements } };
}

/** Labels are texts; YAML reads some as numbers. */
const asText = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? '');

const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

function readRequirement(value: JsonValue): LabelRequirement | undefined {
  if (!isJsonObject(value)) return undefined;
  const operator = OPERATORS.find((name) => name === value['operator']);
  const { key } = value;
  if (typeof key !== 'string' || operator === undefined) return undefined;
  const values = isJsonArray(value['values']) ? value['values'].map(asText) : [];
  return { key, operator, values };
}
