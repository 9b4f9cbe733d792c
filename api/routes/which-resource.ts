import * as z from 'zod/mini';
import type { ResourceName } from '../../operator/services/index.ts';
import { text } from './which-application.ts';

// How routes are told which object of an Application.

/** As routes of one object take it. */
export const RESOURCE: Readonly<
  Record<'namespace' | 'resourceName' | 'version' | 'group' | 'kind', typeof text>
> = { namespace: text, resourceName: text, version: text, group: text, kind: text };

/** As routes of several objects take it. */
export const NODE: Readonly<
  Record<'namespace' | 'name' | 'version' | 'group' | 'kind', typeof text>
> = { namespace: text, name: text, version: text, group: text, kind: text };

interface Given {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  readonly resourceName?: string | undefined;
  readonly version?: string | undefined;
  readonly group?: string | undefined;
  readonly kind?: string | undefined;
}

/** The object that a request means. */
export function resourceOf(given: Given): ResourceName {
  const { namespace = '', name = '', resourceName = name, version = '', group = '' } = given;
  return { namespace, name: resourceName, version, group, kind: given.kind ?? '' };
}

export const flag: z.ZodMiniOptional<z.ZodMiniBoolean> = z.optional(z.boolean());
