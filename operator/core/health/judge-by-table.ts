import type { HealthStatusCode } from '../app/types.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { messageOf, outOfDate } from './condition-age.ts';
import { generationOf, judge, numberFrom, text, type Judgement } from './health.ts';
import type { Step } from './table-row.ts';
import { isWorse } from './worse-of.ts';

type Of<T extends Step['type']> = Extract<Step, { readonly type: T }>;

/** What the first step that applies says; `undefined` when none does. Never throws. */
export function judgeByTable(steps: readonly Step[], object: KubeObject): Judgement | undefined {
  for (const step of steps) {
    const judgement = take(step, object);
    if (judgement !== undefined) return judgement;
  }
  return undefined;
}

function take(step: Step, object: KubeObject): Judgement | undefined {
  switch (step.type) {
    case 'condition':
      return byCondition(step, object);
    case 'newest':
      return byNewest(step, object);
    case 'every':
      return byEvery(step, object);
    case 'observed':
      return byObserved(step, object);
    case 'words':
      return byWords(step, object);
    case 'is':
      return valueAt(object, step.field) === step.value
        ? judge(step.means, step.message)
        : undefined;
    case 'present':
      return isPresent(valueAt(object, step.field))
        ? judge(step.means, step.message ?? said(object, step))
        : undefined;
    case 'absent':
      return isPresent(valueAt(object, step.field)) ? undefined : judge(step.means, step.message);
    case 'fewer':
      return byNumbers(step, object);
    case 'fraction':
      return byFraction(step, object);
    case 'each':
      return byWorst(step, object);
    case 'otherwise':
      return judge(step.means, step.message);
  }
}

function byCondition(step: Of<'condition'>, object: KubeObject): Judgement | undefined {
  for (const condition of conditionsOf(object)) {
    if (!matches(step, condition)) continue;
    return outOfDate(condition, object) ?? judge(step.means, messageOf(condition));
  }
  return undefined;
}

function matches(step: Of<'condition'>, condition: JsonObject): boolean {
  if (condition['status'] !== step.is || !hasType(text(condition, 'type'), step.condition))
    return false;
  const reason = text(condition, 'reason');
  if (step.reasons !== undefined && !step.reasons.includes(reason)) return false;
  if (step.exceptReasons?.includes(reason) === true) return false;
  return step.severity === undefined || text(condition, 'severity') === step.severity;
}

function hasType(type: string, pattern: string): boolean {
  if (pattern.startsWith('*')) return type.endsWith(pattern.slice(1));
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

function byNewest({ conditions }: Of<'newest'>, object: KubeObject): Judgement | undefined {
  let newest: JsonObject | undefined;
  // Times of Kubernetes are all written alike, so that they sort as texts.
  for (const condition of conditionsOf(object)) {
    if (!Object.hasOwn(conditions, text(condition, 'type'))) continue;
    const time = text(condition, 'lastTransitionTime');
    if (newest === undefined || time > text(newest, 'lastTransitionTime')) newest = condition;
  }
  const means = newest && conditions[text(newest, 'type')];
  return newest && means && (outOfDate(newest, object) ?? judge(means, messageOf(newest)));
}

function byEvery({ failed }: Of<'every'>, object: KubeObject): Judgement | undefined {
  const conditions = conditionsOf(object);
  const bad = conditions.find(({ status }) => status === 'False');
  if (bad !== undefined) return outOfDate(bad, object) ?? judge(failed, messageOf(bad));
  const open = conditions.find(({ status }) => status !== 'True');
  if (open !== undefined) return judge('Progressing', messageOf(open));
  for (const condition of conditions) {
    const old = outOfDate(condition, object);
    if (old !== undefined) return old;
  }
  return conditions.length === 0 ? undefined : judge('Healthy');
}

function byObserved(step: Of<'observed'>, object: KubeObject): Judgement | undefined {
  const seen = numberFrom(valueAt(object, step.field));
  const generation = generationOf(object);
  if (seen === undefined)
    return step.required ? judge('Progressing', 'waiting for the spec to be observed') : undefined;
  if (seen === 0 && step.isImplied === true) return undefined;
  return seen < generation
    ? judge('Progressing', `generation ${seen} is observed, the spec is at ${generation}`)
    : undefined;
}

function byWords(step: Of<'words'>, object: KubeObject): Judgement | undefined {
  const word = textAt(object, step.field);
  const status = meaningOf(word.toLowerCase(), step.words);
  if (status === undefined) return undefined;
  const said = step.messages
    .map((field) => wordsAt(object, field))
    .find((message) => message !== '');
  const fallback = status === 'Healthy' || word === '' ? '' : `${step.field} is ${word}`;
  return judge(status, said ?? fallback);
}

function meaningOf(word: string, words: Of<'words'>['words']): HealthStatusCode | undefined {
  if (Object.hasOwn(words, word)) return words[word];
  if (word === '') return undefined;
  for (const known in words)
    if (known.endsWith('*') && word.startsWith(known.slice(0, -1))) return words[known];
  return undefined;
}

function byNumbers(step: Of<'fewer'>, object: KubeObject): Judgement | undefined {
  const have = numberFrom(valueAt(object, step.have)) ?? 0;
  const want = typeof step.want === 'number' ? step.want : numberFrom(valueAt(object, step.want));
  if (want === undefined || have >= want) return undefined;
  return judge(step.means, `${have} of ${want} ${step.what}`);
}

function byFraction(step: Of<'fraction'>, object: KubeObject): Judgement | undefined {
  const [, have, want] = /^(\d+)\/(\d+)$/.exec(textAt(object, step.field)) ?? [];
  return Number(have) < Number(want)
    ? judge('Progressing', `${have} of ${want} ${step.what}`)
    : undefined;
}

function byWorst(step: Of<'each'>, object: KubeObject): Judgement | undefined {
  const list = valueAt(object, step.list);
  let worst: Judgement | undefined;
  for (const status of isJsonArray(list) ? list : []) {
    const judgement = judgeByTable(step.steps, { ...object, status });
    if (judgement === undefined) continue;
    if (worst === undefined || isWorse(judgement.status, worst.status)) worst = judgement;
  }
  return worst;
}

function conditionsOf(object: KubeObject): readonly JsonObject[] {
  const conditions = valueAt(object, 'status.conditions');
  return isJsonArray(conditions) ? conditions.filter(isJsonObject) : [];
}

function valueAt(object: JsonObject, field: string): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const name of field.split('.')) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function textAt(object: JsonObject, field: string): string {
  const value = valueAt(object, field);
  return typeof value === 'string' ? value : '';
}

function said(object: JsonObject, { field, means }: Of<'present' | 'absent'>): string {
  return means === 'Healthy' ? '' : textAt(object, field);
}

/** A text, or several of them in a list. */
function wordsAt(object: JsonObject, field: string): string {
  const value = valueAt(object, field);
  if (!isJsonArray(value)) return typeof value === 'string' ? value : '';
  return value.filter((item) => typeof item === 'string').join('; ');
}

function isPresent(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false)
    return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
