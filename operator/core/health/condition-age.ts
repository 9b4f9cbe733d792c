import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { generationOf, judge, numberFrom, text, type Judgement } from './health.ts';

/**
 * What there is to say when a condition was set for an earlier spec: by the API conventions of
 * Kubernetes it is then out of date, so that the newest spec has yet to be judged.
 */
export function outOfDate(condition: JsonObject, object: KubeObject): Judgement | undefined {
  const seen = numberFrom(condition['observedGeneration']);
  const generation = generationOf(object);
  if (seen === undefined || seen >= generation) return undefined;
  const type = text(condition, 'type');
  return judge('Progressing', `condition ${type} is about generation ${seen}, not ${generation}`);
}

/** What a condition has to say to people. */
export function messageOf(condition: JsonObject): string {
  return text(condition, 'message') || text(condition, 'reason');
}
