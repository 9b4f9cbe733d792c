import { TiphysError } from '../../operator/index.ts';

const CLIENT = 'argocd-client/';
/** The first version whose messages are those of today. */
const OLDEST = [1, 4, 0] as const;

/**
 * Refuses command lines of the incumbent that are too old to be understood (`spec/api.md` 0.5); nobody else's agent is
 * looked at. Errors: `NotPossibleNow`; `InvalidRequest` when the version is none.
 */
export function checkAgent(agent: string | undefined): void {
  const product = agent?.split(' ').find((part) => part.startsWith(CLIENT));
  if (product === undefined) return;
  const found = /^v?(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:[-+][\w.+-]*)?$/.exec(
    product.slice(CLIENT.length),
  );
  if (found === null)
    throw new TiphysError(
      'InvalidRequest',
      'User-Agent: argocd-client has no version such as v3.1.0',
    );
  const version = found.slice(1).map(Number);
  const at = OLDEST.findIndex((part, index) => version[index] !== part);
  const isOlder = at !== -1 && (version[at] ?? 0) < (OLDEST[at] ?? 0);
  if (isOlder)
    throw new TiphysError('NotPossibleNow', `argocd-client ${version.join('.')} is too old`, {
      hint: `Use a client of version ${OLDEST.join('.')} or newer.`,
    });
}
