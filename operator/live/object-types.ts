import { parseTypeSchemas, type TypeSchema } from '../core/diff/type-schema.ts';
import { toTiphysError } from '../core/errors.ts';
import { groupOf, versionOf } from '../core/objects/kube-object.ts';
import type { ObjectTypes } from '../ports/clusters.ts';
import type { ApiCatalogue, KubeClient } from '../ports/kube-client.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createSingleFlight } from '../runtime/single-flight.ts';

export interface ObjectTypesOptions {
  readonly client: Pick<KubeClient, 'openApi'>;
  /** The discovery of now: a new one means that CRDs changed, and with them the types. */
  readonly catalogue: () => ApiCatalogue;
  readonly logger: Logger;
}

type Types = ReadonlyMap<string, TypeSchema>;
const NOTHING: Types = new Map();

/**
 * The types that an API server serves, read on first need, one document for each apiVersion, and
 * kept until discovery changes. What cannot be read is told once, and is then not known.
 */
export function createObjectTypes({ client, catalogue, logger }: ObjectTypesOptions): ObjectTypes {
  const flights = createSingleFlight();
  const known = new WeakMap<ApiCatalogue, Map<string, Types>>();

  async function read(apiVersion: string, signal: AbortSignal): Promise<Types> {
    const group = groupOf(apiVersion);
    const path = group === '' ? 'api/v1' : `apis/${group}/${versionOf(apiVersion)}`;
    try {
      return parseTypeSchemas(await client.openApi(path, signal));
    } catch (error) {
      signal.throwIfAborted();
      const { message } = toTiphysError(error);
      logger.warn(
        { apiVersion, reason: message },
        'types not read; the API server is asked instead',
      );
      return NOTHING;
    }
  }

  return {
    async find(apiVersion, kind, signal) {
      const current = catalogue();
      const documents = known.get(current) ?? new Map<string, Types>();
      known.set(current, documents);
      let types = documents.get(apiVersion);
      if (types === undefined) {
        types = await flights.run(apiVersion, (shared) => read(apiVersion, shared), signal);
        documents.set(apiVersion, types);
      }
      return types.get(`${apiVersion}/${kind}`);
    },
  };
}
