import type { ClusterRecord } from '../../core/cluster/cluster-record.ts';
import { TiphysError } from '../../core/errors.ts';
import { isJsonObject, jsonEqual, type JsonValue } from '../../core/objects/json.ts';

/**
 * Refuses a cluster that a client sends, before it is reached for the first time: its `execProviderConfig` names a
 * program that the server would run, with the arguments and the environment that were sent. One that is stored already, by
 * whoever may write Secrets, stays as it is. Errors: `InvalidRequest`.
 */
export function refuseUnsafe(
  { server, config, project }: ClusterRecord,
  stored: ClusterRecord | undefined,
  programsAllowed: boolean,
): void {
  const refuse = (what: string, hint = ''): never => {
    throw new TiphysError('InvalidRequest', `cluster ${server}: ${what}`, { hint });
  };
  if (!/^https?:\/\/[^/@\s]+(\/\S*)?$/i.test(server)) refuse('server is missing or is no URL');
  const program = programOf(config);
  if (program === undefined) return;
  if (project !== '')
    refuse('execProviderConfig runs a program, which a cluster of one project must not');
  if (programsAllowed || jsonEqual(program, programOf(stored?.config) ?? null)) return;
  refuse(
    'execProviderConfig runs a program on the server, which clients may not choose',
    'Write the Secret of the cluster with kubectl, or start the server with --api-cluster-programs.',
  );
}

/** In any case of letters: who reads Secrets in Go takes each. */
function programOf(config: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(config)) return undefined;
  const found = Object.entries(config).filter(
    ([key]) => key.toLowerCase() === 'execproviderconfig',
  );
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
