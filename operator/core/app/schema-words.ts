import * as z from 'zod/mini';
import { isJsonObject, type JsonObject } from '../objects/json.ts';

// The words that the schemas of our objects are written in. Descriptions are what `kubectl explain`
// shows. They are repeated for every place of the CRD that holds a source, so they are kept short:
// the CRD must fit into an annotation.

/** A required field with its description, and with what else its OpenAPI schema says. */
export function described<T extends z.ZodMiniType>(
  description: string,
  schema: T,
  more: Readonly<Record<string, unknown>> = {},
): T {
  return schema.check(z.meta({ description, ...more }));
}

/** An optional object of its own. */
export const part = <T extends z.core.$ZodLooseShape>(
  description: string,
  shape: T,
): z.ZodMiniOptional<z.ZodMiniObject<z.core.util.Writeable<T>, z.core.$strip>> =>
  z.optional(described(description, z.object(shape)));

/** An optional list. */
export const listOf = <T extends z.ZodMiniType>(
  description: string,
  item: T,
): z.ZodMiniOptional<z.ZodMiniArray<T>> => z.optional(described(description, z.array(item)));

/** An optional list of objects. */
export const parts = <T extends z.core.$ZodLooseShape>(
  description: string,
  shape: T,
): z.ZodMiniOptional<z.ZodMiniArray<z.ZodMiniObject<z.core.util.Writeable<T>, z.core.$strip>>> =>
  listOf(description, z.object(shape));

/** An optional text. */
export const text = (description: string): z.ZodMiniOptional<z.ZodMiniString> =>
  z.optional(described(description, z.string()));

/** An optional yes or no. */
export const flag = (description: string): z.ZodMiniOptional<z.ZodMiniBoolean> =>
  z.optional(described(description, z.boolean()));

/** An optional whole number of 64 bits. */
export const whole = (description: string): z.ZodMiniOptional<z.ZodMiniNumberFormat> =>
  z.optional(described(description, z.int(), { format: 'int64' }));

/** An optional list of texts. */
export const texts = (description: string): z.ZodMiniOptional<z.ZodMiniArray<z.ZodMiniString>> =>
  listOf(description, z.string());

/** An optional map from text to text. */
export const textMap = (
  description: string,
): z.ZodMiniOptional<z.ZodMiniRecord<z.ZodMiniString, z.ZodMiniString>> =>
  z.optional(described(description, z.record(z.string(), z.string())));

/** Any JSON object; the API server keeps every field of it. */
export const anyObject = (description: string): z.ZodMiniType<JsonObject> =>
  described(description, z.custom<JsonObject>(isJsonObject, { error: 'must be a map' }), {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  });
