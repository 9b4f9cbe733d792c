import { isJsonObject } from '../objects/json.ts';
import type { KubeObject, ResourceId } from '../objects/kube-object.ts';
import { groupOf, idOf } from '../objects/kube-object.ts';

export const TRACKING_ANNOTATION = 'argocd.argoproj.io/tracking-id';
export const INSTALLATION_ANNOTATION = 'argocd.argoproj.io/installation-id';

export type TrackingMethod = 'annotation' | 'label' | 'annotation+label';

/** How objects are marked as belonging to an application (`argocd-cm`). */
export interface TrackingSettings {
  readonly method: TrackingMethod;
  /** Label of the `label` methods. Default `app.kubernetes.io/instance`. */
  readonly labelKey: string;
  /** Set when several installations share a cluster. */
  readonly installationId: string | undefined;
}

export const DEFAULT_TRACKING: TrackingSettings = {
  method: 'annotation',
  labelKey: 'app.kubernetes.io/instance',
  installationId: undefined,
};

/** A parsed tracking id: which application instance the object belongs to, and which object was marked. */
export interface TrackingId extends ResourceId {
  readonly instance: string;
}

/** `<instance>:<group>/<kind>:<namespace>/<name>`, the annotation's text. */
export function formatTrackingId({ instance, group, kind, namespace, name }: TrackingId): string {
  return `${instance}:${group}/${kind}:${namespace}/${name}`;
}

/** Reads the annotation's text; anything that is not exactly a tracking id is untracked. */
export function parseTrackingId(text: string): TrackingId | undefined {
  const first = text.indexOf(':');
  const second = text.indexOf(':', first + 1);
  if (first < 0 || second < 0) return undefined;
  const groupKind = text.slice(first + 1, second).split('/');
  const nameParts = text.slice(second + 1).split('/');
  const [group, kind, ...noKind] = groupKind;
  const [namespace, name, ...noName] = nameParts;
  if (group === undefined || kind === undefined || noKind.length > 0) return undefined;
  if (namespace === undefined || name === undefined || noName.length > 0) return undefined;
  return { instance: text.slice(0, first), group, kind, namespace, name };
}

/** CRDs are shared by nature: they are never marked, and so never pruned. */
function isNeverTracked(object: KubeObject): boolean {
  return (
    object.kind === 'CustomResourceDefinition' &&
    groupOf(object.apiVersion) === 'apiextensions.k8s.io'
  );
}

/**
 * The object with the mark of this application instance. `namespace` stands in where the object has
 * none, also for cluster-scoped objects, as the incumbent writes it.
 */
export function track(
  object: KubeObject,
  instance: string,
  namespace: string,
  settings: TrackingSettings,
): KubeObject {
  if (isNeverTracked(object)) return object;
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  const labels: Record<string, string> = { ...object.metadata.labels };
  if (settings.method !== 'label') {
    const id = idOf(object);
    annotations[TRACKING_ANNOTATION] = formatTrackingId({
      ...id,
      instance,
      namespace: id.namespace === '' ? namespace : id.namespace,
    });
    if (settings.installationId !== undefined)
      annotations[INSTALLATION_ANNOTATION] = settings.installationId;
    else delete annotations[INSTALLATION_ANNOTATION];
  }
  if (settings.method === 'label') labels[settings.labelKey] = instance;
  if (settings.method === 'annotation+label') labels[settings.labelKey] = shortLabel(instance);
  const marked = {
    ...object,
    metadata: {
      ...object.metadata,
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
    },
  };
  const label = settings.method === 'annotation' ? undefined : labels[settings.labelKey];
  return label === undefined || settings.labelKey !== LEGACY_LABEL_KEY
    ? marked
    : withPodLabel(marked, label);
}

/** The key of the first releases of the incumbent, which marked the Pods too. */
const LEGACY_LABEL_KEY = 'applications.argoproj.io/app-name';
const POD_TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  apps: ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'],
  batch: ['Job'],
};

/** Without it, whoever comes from there would see all Pods replaced. */
function withPodLabel(object: KubeObject, label: string): KubeObject {
  const spec = object['spec'];
  const kinds = POD_TEMPLATES[groupOf(object.apiVersion)] ?? [];
  if (!kinds.includes(object.kind) || !isJsonObject(spec)) return object;
  const { template } = spec;
  if (!isJsonObject(template)) return object;
  const metadata = isJsonObject(template['metadata']) ? template['metadata'] : {};
  const labels = isJsonObject(metadata['labels']) ? metadata['labels'] : {};
  const marked = { ...metadata, labels: { ...labels, [LEGACY_LABEL_KEY]: label } };
  return { ...object, spec: { ...spec, template: { ...template, metadata: marked } } };
}

/** The object, which got its name after its mark, with the name in the mark too. */
export function renameTracked(object: KubeObject): KubeObject {
  const text = object.metadata.annotations?.[TRACKING_ANNOTATION];
  const id = text === undefined ? undefined : parseTrackingId(text);
  if (id === undefined) return object;
  const mark = formatTrackingId({ ...id, name: object.metadata.name ?? '' });
  const annotations = { ...object.metadata.annotations, [TRACKING_ANNOTATION]: mark };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** Label values end at 63 characters and in a letter or digit. */
function shortLabel(instance: string): string {
  return instance.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '');
}

/**
 * The application instance whose mark a live object carries. Objects with owners carry marks only
 * because a controller copied them, so they belong to nobody directly.
 */
export function instanceOf(object: KubeObject, settings: TrackingSettings): string | undefined {
  if ((object.metadata.ownerReferences?.length ?? 0) > 0) return undefined;
  return markOf(object, settings);
}

/** The instance named by the mark itself, whatever owners the object has. */
export function markOf(object: KubeObject, settings: TrackingSettings): string | undefined {
  if (settings.method === 'label') return object.metadata.labels?.[settings.labelKey];
  const text = object.metadata.annotations?.[TRACKING_ANNOTATION];
  if (text === undefined) return undefined;
  if (
    settings.installationId !== undefined &&
    object.metadata.annotations?.[INSTALLATION_ANNOTATION] !== settings.installationId
  )
    return undefined;
  return parseTrackingId(text)?.instance;
}

/** Whether a live object carries the mark of this instance, and the mark speaks of the object itself. */
export function isOwnOf(instance: string, live: KubeObject, settings: TrackingSettings): boolean {
  return instanceOf(live, settings) === instance && isSelfReferenced(live, undefined, settings);
}

/**
 * Whether the mark on a live object speaks of that object itself. Controllers copy annotations to
 * objects they make; such a copy names another object and must never be synced or pruned.
 */
export function isSelfReferenced(
  live: KubeObject,
  target: KubeObject | undefined,
  settings: TrackingSettings,
): boolean {
  if (settings.method === 'label') return true;
  const self = idOf(live);
  if (target !== undefined) {
    const wanted = idOf(target);
    return (
      self.group === wanted.group &&
      self.kind === wanted.kind &&
      self.name === wanted.name &&
      (self.namespace === wanted.namespace || self.namespace === '')
    );
  }
  const text = live.metadata.annotations?.[TRACKING_ANNOTATION];
  const mark = text === undefined ? undefined : parseTrackingId(text);
  if (mark === undefined) return true;
  return (
    self.group === mark.group &&
    self.kind === mark.kind &&
    self.name === mark.name &&
    (self.namespace === mark.namespace || self.namespace === '')
  );
}
