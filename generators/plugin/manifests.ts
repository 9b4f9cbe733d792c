import { hasCode, TiphysError } from '../../operator/core/errors.ts';
import type { KubeObject } from '../../operator/core/objects/kube-object.ts';
import { parseDocuments, type YamlLimits } from '../yaml/parse-documents.ts';
import { toObjects } from '../yaml/parse-manifests.ts';

/**
 * The objects in what a plugin printed. It often prints Secrets, so an error names the place and nothing
 * that stands there. Errors: `InvalidManifest`, `LimitExceeded`.
 */
export function toManifests(
  text: string,
  what: string,
  limits?: YamlLimits,
): readonly KubeObject[] {
  const options = { file: what, ...(limits !== undefined && { limits }) };
  return read(text, what, options).flatMap((document, index) =>
    toObjects(document, `${what}: document ${index + 1}`),
  );
}

function read(text: string, what: string, options: Parameters<typeof parseDocuments>[1]) {
  try {
    return parseDocuments(text, options);
  } catch (error) {
    if (!hasCode(error, 'InvalidManifest')) throw error;
    const { line } = error.fields;
    const place = line === undefined ? what : `${what}: line ${line}`;
    throw new TiphysError('InvalidManifest', `${place}: is no YAML that kubectl would read`, {
      hint: 'Print Kubernetes objects as YAML or JSON to the standard output, and nothing else.',
    });
  }
}
