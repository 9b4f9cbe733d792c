import { jsonEqual, type JsonValue } from '../objects/json.ts';
import { normaliseSpec } from './normalise-spec.ts';
import { isMultiSource, sourcesOf } from './sources.ts';
import type { ApplicationSpec, ComparedTo } from './types.ts';

/** The part of the spec that the last comparison did not know yet; `undefined` when it knew all. */
export type UncomparedPart = 'source' | 'destination' | 'ignoreDifferences' | undefined;

/**
 * What has changed in a spec since it was compared. Of a hydrated application, the source that is
 * synced counts; blocks that say nothing are as good as absent.
 */
export function uncomparedPart(
  spec: ApplicationSpec,
  compared: ComparedTo | undefined,
): UncomparedPart {
  if (compared === undefined || !equal(shownSources(spec), comparedSources(spec, compared)))
    return 'source';
  if (!equal(spec.destination, compared.destination)) return 'destination';
  return equal(spec.ignoreDifferences ?? [], compared.ignoreDifferences ?? [])
    ? undefined
    : 'ignoreDifferences';
}

function shownSources(spec: ApplicationSpec): unknown {
  return sourcesOf(normaliseSpec(spec));
}

function comparedSources(spec: ApplicationSpec, { source, sources }: ComparedTo): unknown {
  const asSpec = { project: 'any', destination: {}, source, sources };
  const multi = isMultiSource(asSpec);
  return multi === isMultiSource(spec) ? sourcesOf(normaliseSpec(asSpec)) : undefined;
}

/** The types of the schema hold nothing but JSON. */
function equal(left: unknown, right: unknown): boolean {
  return jsonEqual(left as JsonValue | undefined, right as JsonValue | undefined);
}
