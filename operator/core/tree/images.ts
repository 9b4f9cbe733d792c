import type { KubeObject } from '../objects/kube-object.ts';
import { itemsOf, textOf } from './parts.ts';

/** The images that a Pod runs, those of its init containers first; other kinds have none. */
export function imagesOf(object: KubeObject): readonly string[] {
  if (object.kind !== 'Pod' || object.apiVersion !== 'v1') return [];
  const images = ['initContainers', 'containers'].flatMap((name) =>
    itemsOf(object['spec'], name).map((container) => textOf(container, 'image')),
  );
  return [...new Set(images.filter((image) => image !== ''))];
}
