import type { ApplicationSpec, Operation, OperationState } from '../app/types.ts';
import { canonicalJson, type JsonValue } from '../objects/json.ts';
import { OWN_INFO, readInfo, withInfo } from './own-info.ts';

const wantedBy = ({ syncPolicy }: ApplicationSpec): string | undefined =>
  textOf(syncPolicy?.managedNamespaceMetadata);

const textOf = (metadata: object | undefined): string | undefined =>
  metadata === undefined ? undefined : canonicalJson(metadata as JsonValue);

/**
 * The operation with a note of the namespace metadata that it is the first to set: if it fails, the
 * same is not tried again by itself, and what somebody has corrected is.
 */
export function noteMetadata(
  operation: Operation,
  spec: ApplicationSpec,
  last: OperationState | undefined,
): Operation {
  const wanted = wantedBy(spec);
  const isSet = wanted === textOf(last?.syncResult?.managedNamespaceMetadata);
  if (wanted === undefined || isSet) return operation;
  return withInfo(operation, OWN_INFO.namespaceMetadata, wanted);
}

/** Whether the metadata that is wanted is what the last operation tried to set, as far as is known. */
export function wasMetadataTried({ operation }: OperationState, spec: ApplicationSpec): boolean {
  const tried = readInfo(operation, OWN_INFO.namespaceMetadata);
  return tried === undefined || tried === wantedBy(spec);
}
