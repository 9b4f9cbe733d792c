// The library's third door: what people and machines ask of a control plane, with who may do what decided.
// Loaded by whoever serves requests; reconciling needs none of it.

export type { ControlPlane, ServicePorts } from './control-plane.ts';
export { recordMutation, type Mutation, type MutationReason } from './audit.ts';
export { bareRefusal, enforce } from './enforce.ts';
export { NOBODY, type Requester } from '../core/access/requester.ts';
export type { Authenticated, Authenticator } from '../ports/authenticator.ts';
export type {
  Credentials,
  IssuedToken,
  Passwords,
  Sessions,
  TokenIssuer,
} from '../ports/identity.ts';
export type { StateCache } from '../ports/state-cache.ts';
export type { AccessControl } from '../ports/access-control.ts';

export {
  findApplication,
  type ApplicationName,
  type FindOptions,
  type Found,
} from './applications/find-application.ts';
export { getApplication } from './applications/get-application.ts';
export type { RefreshType } from './applications/refresh-application.ts';
export { parseLabelSelector, selects } from '../core/objects/label-selector.ts';
export { listApplications, type ApplicationFilter } from './applications/list-applications.ts';
export { signIn, userInfo, type UserInfo } from './session/sign-in.ts';
