import type { HealthStatusCode } from '../app/types.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** What is said of one object, and by which rule. */
export interface Health {
  readonly status: HealthStatusCode;
  readonly message?: string;
  /** The rule that judged: `deletion`, `built-in apps/Deployment`, `table cert-manager.io/Certificate` or `generic`. */
  readonly rule: string;
  /** Why the rule could not judge: an unsupported version, or content that is not of the kind. */
  readonly problem?: string;
}

/** A judgement without the name of its rule. */
export type Judgement = Omit<Health, 'rule' | 'problem'>;

/** Judges one kind. May throw on content that is not of that kind; the caller makes it Unknown. */
export type HealthCheck = (object: KubeObject) => Judgement;

export const healthy: Judgement = { status: 'Healthy' };

export function judge(status: HealthStatusCode, message = ''): Judgement {
  return message === '' ? { status } : { status, message };
}

/** A member that is an object; an absent one is empty. Throws when it is something else. */
export function part(object: JsonObject, name: string): JsonObject {
  const value = object[name] ?? undefined;
  if (value !== undefined && !isJsonObject(value)) throw new Error(`${name} is not an object`);
  return value ?? {};
}

/** A member that is a number; `undefined` when absent. Throws when it is something else. */
export function numberIn(object: JsonObject, name: string): number | undefined {
  const value = object[name] ?? undefined;
  if (value !== undefined && typeof value !== 'number') throw new Error(`${name} is not a number`);
  return value;
}

/** As `numberIn`, 0 when absent. */
export function count(object: JsonObject, name: string): number {
  return numberIn(object, name) ?? 0;
}

export function text(object: JsonObject, name: string): string {
  const value = object[name];
  return typeof value === 'string' ? value : '';
}

/** Why a phase that no rule knows is Unknown. */
export function unknownPhase(phase: string): string {
  return phase === '' ? 'status.phase is not set' : `status.phase is not known: ${phase}`;
}

/** The objects in a member that is a list. */
export function items(object: JsonObject, name: string): readonly JsonObject[] {
  const value: JsonValue | undefined = object[name];
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

/** `status.conditions`, or those of another member. */
export function conditionOf(status: JsonObject, type: string): JsonObject | undefined {
  return items(status, 'conditions').find((condition) => condition['type'] === type);
}

/** The generation of the spec; 0 when it is not known. */
export function generationOf(object: KubeObject): number {
  return numberFrom(object.metadata.generation) ?? 0;
}

/** A number, or the number that a text of digits stands for: some controllers write generations so. */
export function numberFrom(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** Whether the controller of the kind has not seen the newest spec. */
export function isUnobserved(object: KubeObject): boolean {
  return generationOf(object) > count(part(object, 'status'), 'observedGeneration');
}

/** Of kinds whose controllers may write what they have seen: that it is not the newest spec. */
export function notObserved(object: KubeObject): Judgement | undefined {
  const seen = numberFrom(part(object, 'status')['observedGeneration']);
  const generation = generationOf(object);
  if (seen === undefined || seen >= generation) return undefined;
  return judge('Progressing', `generation ${seen} is observed, the spec is at ${generation}`);
}

/** Whether a load balancer has given the object an address. */
export function hasAddress(object: KubeObject): boolean {
  return items(part(part(object, 'status'), 'loadBalancer'), 'ingress').length > 0;
}
