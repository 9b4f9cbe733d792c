import type { Account } from '../../operator/services/index.ts';

/** An account without what only its owner may know. */
export function presentAccount({ name, enabled, capabilities, tokens }: Account): object {
  return {
    name,
    ...(enabled && { enabled }),
    ...(capabilities.length > 0 && { capabilities }),
    ...(tokens.length > 0 && {
      tokens: tokens.map(({ id, issuedAt, expiresAt }) => ({
        id,
        ...(issuedAt !== 0 && { issuedAt }),
        ...(expiresAt !== 0 && { expiresAt }),
      })),
    }),
  };
}
