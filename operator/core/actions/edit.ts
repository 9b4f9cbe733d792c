import { isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { ActionPlan } from './action.ts';

/** A plan that changes only the object the action runs on. */
export function patchOf(object: KubeObject): ActionPlan {
  return [{ operation: 'patch', object }];
}

/** A member that is an object, else an empty one: what is there may be anything. */
export function mapIn(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isJsonObject(value) ? value : {};
}

export const specOf = (object: KubeObject): JsonObject => mapIn(object, 'spec');
export const statusOf = (object: KubeObject): JsonObject => mapIn(object, 'status');

export function annotationOf(object: KubeObject, name: string): string | undefined {
  return object.metadata.annotations?.[name];
}

/** The object with these members of a place in it; `undefined` removes one. Maps on the way are made. */
export function edited<T extends JsonObject>(
  object: T,
  place: readonly string[],
  members: Readonly<Record<string, JsonValue | undefined>>,
): T {
  const [first, ...rest] = place;
  if (first === undefined) return { ...object, ...members };
  return { ...object, [first]: edited(mapIn(object, first), rest, members) };
}

export function withSpec(
  object: KubeObject,
  members: Readonly<Record<string, JsonValue | undefined>>,
): KubeObject {
  return edited(object, ['spec'], members);
}

export function withStatus(
  object: KubeObject,
  members: Readonly<Record<string, JsonValue | undefined>>,
): KubeObject {
  return edited(object, ['status'], members);
}

/** `undefined` removes an annotation. */
export function annotated(
  object: KubeObject,
  annotations: Readonly<Record<string, string | undefined>>,
): KubeObject {
  return edited(object, ['metadata', 'annotations'], annotations);
}

const MAX_NAME = 63;

/**
 * A name for an object made from another: the time is its end, in digits. A second one within the
 * same second has the same name, so that a double click makes one object.
 */
export function nameFrom(object: KubeObject, now: string): string {
  const stamp = now.replaceAll(/\D/g, '');
  const name = object.metadata.name ?? '';
  const room = MAX_NAME - stamp.length - 1;
  return `${name.slice(0, room).replace(/[-.]+$/, '')}-${stamp}`;
}

/** The object as the owner of what is made from it: gone with it, shown below it. */
export function ownedBy(object: KubeObject): JsonObject {
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    name: object.metadata.name ?? '',
    uid: object.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}
