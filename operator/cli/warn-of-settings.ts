import { settingsWithoutEffect } from '../config/without-effect.ts';
import type { Logger } from '../ports/telemetry.ts';

/** Says once, in one line, which settings of Argo CD were given that change nothing here, and why. */
export function warnOfSettings(
  env: Readonly<Record<string, string | undefined>>,
  logger: Pick<Logger, 'warn'>,
): void {
  const given = settingsWithoutEffect(env);
  if (given.length === 0) return;
  const settings = Object.fromEntries(given.map(({ name, reason }) => [name, reason]));
  logger.warn({ settings }, 'settings have no effect');
}
