import type { HealthStatusCode } from '../app/types.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** What is said of one object, and by which rule. */
export interface Health {
  readonly status: HealthStatusCode;
  readonly message?: string;
  /** The rule that judged, such as `apps/Deployment`. */
  readonly rule: string;
}

/** A judgement without the name of its rule. */
export type Judgement = Omit<Health, 'rule'>;

/** Judges one kind. May throw on content that is not of that kind; the caller makes it Unknown. */
export type HealthCheck = (object: KubeObject) => Judgement;

export const healthy: Judgement = { status: 'Healthy' };

export function judge(status: HealthStatusCode, message = ''): Judgement {
  return message === '' ? { status } : { status, message };
}

/** A member that is an object; an absent one is empty. */
export function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

/** A member that is a number, or the default. */
export function count(object: JsonObject, name: string, absent = 0): number {
  const value = object[name];
  return typeof value === 'number' ? value : absent;
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

/** Whether the controller of the kind has not seen the newest spec. */
export function isUnobserved(object: KubeObject): boolean {
  return (object.metadata.generation ?? 0) > count(part(object, 'status'), 'observedGeneration');
}

/** Whether a load balancer has given the object an address. */
export function hasAddress(object: KubeObject): boolean {
  return items(part(part(object, 'status'), 'loadBalancer'), 'ingress').length > 0;
}
