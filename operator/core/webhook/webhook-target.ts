import type { ApplicationSource, ApplicationSpec } from '../app/types.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** What of an Application decides whether a webhook concerns it. */
export interface WebhookTarget {
  readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
  readonly spec: Pick<ApplicationSpec, 'source' | 'sources' | 'sourceHydrator'>;
}

/**
 * Reads it from the object as it came: a push is held against every Application, so this costs less
 * than parsing them. What is no text is as if it were absent.
 */
export function webhookTarget(app: KubeObject): WebhookTarget {
  const spec = isJsonObject(app['spec']) ? app['spec'] : {};
  const { source, sources, sourceHydrator: hydrator } = spec;
  return {
    metadata: { annotations: app.metadata.annotations ?? {} },
    spec: {
      ...(isJsonObject(source) && { source: readSource(source) }),
      ...(isJsonArray(sources) && { sources: sources.filter(isJsonObject).map(readSource) }),
      ...(isJsonObject(hydrator) && { sourceHydrator: readHydrator(hydrator) }),
    },
  };
}

function readSource(source: JsonObject): ApplicationSource {
  const { repoURL, path, targetRevision, tagPrefix, chart, ref } = source;
  return {
    repoURL: text(repoURL),
    path: text(path),
    targetRevision: text(targetRevision),
    ...(text(tagPrefix) !== '' && { tagPrefix: text(tagPrefix) }),
    chart: text(chart),
    ref: text(ref),
  };
}

function readHydrator({
  drySource,
  syncSource,
}: JsonObject): NonNullable<ApplicationSpec['sourceHydrator']> {
  const dry = isJsonObject(drySource) ? drySource : {};
  const sync = isJsonObject(syncSource) ? syncSource : {};
  return {
    drySource: {
      repoURL: text(dry['repoURL']),
      path: text(dry['path']),
      targetRevision: text(dry['targetRevision']),
    },
    syncSource: {
      repoURL: text(sync['repoURL']),
      path: text(sync['path']),
      targetBranch: text(sync['targetBranch']),
    },
  };
}

function text(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
