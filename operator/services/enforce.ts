import type { AccessRequest } from '../core/access/decide-access.ts';
import type { Requester } from '../core/access/requester.ts';
import { TiphysError } from '../core/errors.ts';
import type { AccessControl } from '../ports/access-control.ts';

/** Errors: `PermissionDenied` when the requester may not do it; its message names who asked for what. */
export function enforce(
  requester: Requester,
  asked: AccessRequest,
  access: Pick<AccessControl, 'decide'>,
): void {
  if (!access.decide(requester.caller, asked).allowed) throw refusal(requester, asked);
}

function refusal({ caller, issuedAt }: Requester, asked: AccessRequest): TiphysError {
  const { resource, action, object } = asked;
  const who = caller === undefined ? '' : `, sub: ${caller.subject}`;
  const when = issuedAt === undefined ? '' : `, iat: ${wholeSeconds(issuedAt)}`;
  return new TiphysError(
    'PermissionDenied',
    `permission denied: ${resource}, ${action}, ${object}${who}${when}`,
  );
}

/** The answer where even the existence of a thing is hidden: always the same words. */
export function bareRefusal(): TiphysError {
  return new TiphysError('PermissionDenied', 'permission denied', { hint: '' });
}

/** As Kubernetes writes times. */
export function wholeSeconds(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}
