import { dump } from 'js-yaml';
import { parseDocuments } from '../generators/index.ts';
import { jsonEqual } from './core/objects/json.ts';
import type { KubeObject } from './core/objects/kube-object.ts';

/**
 * One YAML document with sorted keys, that Kubernetes reads as this object: what is read back differently by our own
 * reader of its dialect is written as JSON, which is YAML too.
 */
export function writeHydratedYaml(object: KubeObject): string {
  const yaml = dump(object, { noRefs: true, lineWidth: -1, sortKeys: true });
  return readsBack(yaml, object) ? yaml : `${JSON.stringify(object, null, 2)}\n`;
}

function readsBack(yaml: string, object: KubeObject): boolean {
  try {
    const documents = parseDocuments(yaml, { file: 'manifest.yaml' });
    return documents.length === 1 && jsonEqual(documents[0], object);
  } catch {
    return false; // beyond what a document may be; JSON is read under the same limits, and says so when it is synced
  }
}
