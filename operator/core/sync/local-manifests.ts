import type { Application, Operation, Project } from '../app/types.ts';
import { TiphysError } from '../errors.ts';
import { isJsonArray, type JsonValue } from '../objects/json.ts';
import { isKubeObject, type KubeObject } from '../objects/kube-object.ts';

/**
 * Why an operation must not sync `manifests` of its own instead of those in Git; `undefined` when it
 * has none, or may. A project that asks for signatures cannot tell who made them, and automated sync
 * would undo them at once.
 */
export function refuseLocalManifests(
  { spec }: Application,
  { sync }: Operation,
  project: Project,
): string | undefined {
  if (!hasLocalManifests(sync)) return undefined;
  const { signatureKeys = [], sourceIntegrity } = project.spec;
  const policies = sourceIntegrity?.git?.policies ?? [];
  if ((signatureKeys ?? []).length > 0 || policies.length > 0)
    return `Cannot use local manifests when source integrity is enforced, as AppProject ${project.name} does: commit and sign them instead`;
  const automated = spec.syncPolicy?.automated;
  const isAutomated = automated !== undefined && automated.enabled !== false;
  if (isAutomated && sync?.dryRun !== true)
    return 'Cannot use local manifests when auto-sync is enabled: it would set back what Git says otherwise. Take spec.syncPolicy.automated away, or set its enabled to false, and ask again';
  return undefined;
}

export function hasLocalManifests(sync: Operation['sync']): boolean {
  return (sync?.manifests ?? []).length > 0;
}

/**
 * The objects of `operation.sync.manifests`: one JSON object or one `List` a text. Errors:
 * `InvalidManifest`, with the number of the text, and never with what is in it.
 */
export function parseLocalManifests(texts: readonly string[]): readonly KubeObject[] {
  return texts.flatMap((text, index) => {
    const value = parseJson(text, index);
    const items = isKubeObject(value) && value.kind === 'List' ? value['items'] : undefined;
    const objects = isJsonArray(items) ? items : [value];
    return objects.map((object) => {
      if (isKubeObject(object) && object.kind !== '' && object.apiVersion !== '') return object;
      throw invalid(index, 'is not an object with apiVersion, kind and metadata');
    });
  });
}

function parseJson(text: string, index: number): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw invalid(index, 'is not JSON'); // the parser's own words would show a piece of it
  }
}

const invalid = (index: number, what: string): TiphysError =>
  new TiphysError(
    'InvalidManifest',
    `Failed to load local manifests: operation.sync.manifests[${index}] ${what}`,
    { hint: 'Put one object as JSON into each text.' },
  );
