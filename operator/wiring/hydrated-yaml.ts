import { dump } from 'js-yaml';
import { parseDocuments } from '../../generators/index.ts';
import { TiphysError } from '../core/errors.ts';
import { canonicalJson, jsonEqual } from '../core/objects/json.ts';
import { describeResource, idOf, type KubeObject } from '../core/objects/kube-object.ts';

/**
 * One YAML document with sorted keys. Errors: `InvalidManifest` for an object that would be read back as another one:
 * what is committed must be what was rendered.
 */
export function writeHydratedYaml(object: KubeObject): string {
  const yaml = dump(object, { noRefs: true, lineWidth: -1, sortKeys: true });
  if (readsBack(yaml, object)) return yaml;
  // Of names such as `-_0` the writer does not know that they are numbers of YAML 1.1. JSON quotes each, and is YAML too.
  const json = `${JSON.stringify(JSON.parse(canonicalJson(object)), null, 2)}\n`;
  if (readsBack(json, object)) return json;
  const what = describeResource(idOf(object));
  throw new TiphysError('InvalidManifest', `${what}: YAML cannot hold it as it was rendered`, {
    hint: 'Take characters out of it that are no text.',
  });
}

function readsBack(yaml: string, object: KubeObject): boolean {
  try {
    const documents = parseDocuments(yaml, { file: 'manifest.yaml' });
    return documents.length === 1 && jsonEqual(documents[0], object);
  } catch {
    return false; // as good as another object
  }
}
