import type { JsonValue } from '../objects/json.ts';
import { groupOf, type KubeObject } from '../objects/kube-object.ts';
import { TRACKING_ANNOTATION } from '../tracking/tracking.ts';

/**
 * Live without the difference that a change of the tracking method makes: an object that was tracked
 * by `label` has no annotation yet, and an instance label that desired does not have is no drift. An
 * annotation that says something else stays a difference. CRDs carry no marks.
 */
export function withoutForeignMarks(
  live: KubeObject,
  desired: KubeObject,
  label: string | undefined,
): KubeObject {
  const standing = label === undefined ? undefined : live.metadata.labels?.[label];
  if (label === undefined || standing === undefined || isDefinition(live)) return live;
  const metadata: Record<string, JsonValue | undefined> = { ...live.metadata };
  const mark = desired.metadata.annotations?.[TRACKING_ANNOTATION];
  if (mark !== undefined && live.metadata.annotations?.[TRACKING_ANNOTATION] === undefined)
    metadata['annotations'] = { ...live.metadata.annotations, [TRACKING_ANNOTATION]: mark };
  if (desired.metadata.labels?.[label] === undefined) {
    const { [label]: _dropped, ...labels } = live.metadata.labels ?? {};
    metadata['labels'] = labels;
  }
  return { ...live, metadata };
}

const isDefinition = ({ apiVersion, kind }: KubeObject): boolean =>
  kind === 'CustomResourceDefinition' && groupOf(apiVersion) === 'apiextensions.k8s.io';
