import type { ClusterReader, ResourceName, SeenObject } from './cluster-reader.ts';
import { type Expectation, met, pending } from './expectation.ts';

/** Sentences about one object of the cluster. */
export interface ObjectExpectations {
  exists(): Expectation;
  isAbsent(): Expectation;
  /** The value at a path such as `spec.replicas` or `data.value` is this. */
  has(path: string, value: string | number | boolean | undefined): Expectation;
  /** `what` says in words what the test asks for, such as `has two replicas`. */
  matches(what: string, test: (object: SeenObject) => boolean): Expectation;
  /** The object as it is now. */
  read(signal: AbortSignal): Promise<SeenObject | undefined>;
}

export function objectExpectations(
  reader: ClusterReader,
  resource: ResourceName,
  name: string,
  namespace: string | undefined,
): ObjectExpectations {
  const title = `${resource}/${name}`;
  const read = (signal: AbortSignal) => reader.get(resource, name, namespace, signal);
  return {
    read,
    exists: () => async (signal) =>
      (await read(signal)) === undefined
        ? pending(`${title} does not exist`)
        : met(`${title} exists`),
    isAbsent: () => async (signal) => {
      const object = await read(signal);
      if (object === undefined) return met(`${title} is absent`);
      const leaving = object.metadata.deletionTimestamp !== undefined;
      return pending(`${title} ${leaving ? 'is being deleted' : 'exists'}`);
    },
    has: (path, value) => async (signal) => {
      const object = await read(signal);
      if (object === undefined) return pending(`${title} does not exist`);
      const seen = valueAt(object, path.split('.'));
      const sentence = `${path} of ${title} is ${JSON.stringify(seen)}`;
      if (seen === value) return met(sentence);
      return pending(`${sentence}, not ${JSON.stringify(value)}`);
    },
    matches: (what, test) => async (signal) => {
      const object = await read(signal);
      if (object === undefined) return pending(`${title} does not exist`);
      if (test(object)) return met(`${title} ${what}`);
      const { metadata, ...rest } = object;
      const { managedFields: _, ...shown } = metadata;
      const text = JSON.stringify({ ...rest, metadata: shown });
      return pending(`${title} is not so that it ${what}: ${text.slice(0, 2_000)}`);
    },
  };
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  return valueAt((value as Readonly<Record<string, unknown>>)[step], rest);
}
