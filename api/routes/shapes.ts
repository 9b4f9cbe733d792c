import * as z from 'zod/mini';

/** Shapes that several resources share. Nothing of a request is ever required: the services say what is missing. */
export const text: z.ZodMiniOptional<z.ZodMiniString> = z.optional(z.string());
export const flag: z.ZodMiniOptional<z.ZodMiniBoolean> = z.optional(z.boolean());
export const whole: z.ZodMiniOptional<z.ZodMiniNumber> = z.optional(z.int());
export const texts: z.ZodMiniOptional<z.ZodMiniArray<z.ZodMiniString>> = z.optional(
  z.array(z.string()),
);
/** Texts by name, such as labels. */
export const textMap: z.ZodMiniOptional<z.ZodMiniRecord<z.ZodMiniString, z.ZodMiniString>> =
  z.optional(z.record(z.string(), z.string()));
/** An object that is read elsewhere, such as the spec of an Application. */
export const anything: z.ZodMiniOptional<z.ZodMiniRecord<z.ZodMiniString, z.ZodMiniUnknown>> =
  z.optional(z.record(z.string(), z.unknown()));
