import type { ProjectRole } from '../core/app/types.ts';
import type { AccessDecision, AccessRequest, Caller } from '../core/access/decide-access.ts';

/** Decides who may do what, by the policies as they are now. */
export interface AccessControl extends Disposable {
  /** Nobody in particular asks when `caller` is `undefined`. Never throws. */
  decide(caller: Caller | undefined, request: AccessRequest): AccessDecision;
  /** What is wrong with the roles of a project, each problem with the name of the role. */
  checkRoles(project: string, roles: readonly ProjectRole[]): readonly string[];
  /** The claims whose values are groups. */
  readonly scopes: readonly string[];
  /** What is wrong with the policies now; they are then the last good ones. */
  readonly problems: readonly string[];
}
