import type { Route } from '../route.ts';
import { applicationRoutes } from './applications.ts';
import { versionRoutes } from './version.ts';

export interface RoutesOptions {
  readonly version: string;
}

/** Every route of the API. */
export function allRoutes({ version }: RoutesOptions): readonly Route[] {
  return [...versionRoutes({ version }), ...applicationRoutes];
}
