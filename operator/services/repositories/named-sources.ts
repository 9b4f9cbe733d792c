import { parseApplication } from '../../core/app/parse.ts';
import { sourcesOf } from '../../core/app/sources.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';

/** Which source of an Application is meant. */
export interface SourceName {
  /** Its place, from 0. */
  readonly sourceIndex: number;
  /** The deployment whose source it was; 0 when it is none in particular. */
  readonly versionId: number;
}

/**
 * The sources that a name can mean, as they are written: the one that the Application has there now, and with a `versionId`
 * the one that this deployment had there. The first deployment has the id 0, which clients also send when they mean none:
 * then it is either of the two.
 */
export function namedSources(
  application: KubeObject,
  { sourceIndex, versionId }: SourceName,
): readonly JsonValue[] {
  const lists = [
    ...(versionId === 0 ? [currentSources(application)] : []),
    ...deployments(application)
      .filter(({ id = 0 }) => id === versionId)
      .map(sourcesIn),
  ];
  return lists.flatMap((list) => list[sourceIndex] ?? []);
}

function currentSources(application: KubeObject): readonly JsonValue[] {
  const parsed = parseApplication(application);
  return parsed.type === 'ok' ? (sourcesOf(parsed.application.spec) as unknown as JsonValue[]) : [];
}

function deployments({ status }: KubeObject) {
  const history = isJsonObject(status) ? status['history'] : undefined;
  return isJsonArray(history) ? history.filter(isJsonObject) : [];
}

/** Of a deployment that may have come from anywhere. */
function sourcesIn({ source, sources }: Readonly<Record<string, JsonValue | undefined>>) {
  if (isJsonArray(sources) && sources.length > 0) return sources;
  return source === undefined ? [] : [source];
}
