import { parseDuration } from '../app/duration.ts';
import type { ObjectTexts } from '../objects/object-texts.ts';

/** What `argocd-cm` says about signing in. */
export interface SignInSettings {
  /** How long somebody stays signed in. */
  readonly sessionMs: number;
  /** What new passwords must match, as Go writes expressions. */
  readonly passwordPattern: string;
  /** Whether those without a token are let in, as nobody in particular. */
  readonly anonymous: boolean;
  /** Keys whose value makes no sense; their defaults are used. */
  readonly problems: readonly string[];
}

const DAY_MS = 24 * 3_600_000;
const DEFAULT_PATTERN = '^.{8,32}$';

/** Reads the settings; what is absent or makes no sense is the default. Never throws. */
export function readSignInSettings(config: ObjectTexts): SignInSettings {
  const problems: string[] = [];
  const text = (key: string): string => (config.get(key) ?? '').trim();
  const written = text('users.session.duration');
  const parsed = written === '' ? DAY_MS : parseDuration(written);
  const sessionMs = parsed !== undefined && parsed > 0 ? parsed : DAY_MS;
  if (parsed !== sessionMs) problems.push(`users.session.duration: "${written}" is no duration`);
  return {
    sessionMs,
    passwordPattern: text('passwordPattern') || DEFAULT_PATTERN,
    anonymous: text('users.anonymous.enabled') === 'true',
    problems,
  };
}
