import type { ErrorCode } from '../../operator/index.ts';

/** The codes that clients know failures by (`spec/api.md` 0.3). */
export type GrpcCode = keyof typeof HTTP_STATUS;

/** Code to HTTP status. */
export const HTTP_STATUS = {
  1: 408, // Canceled
  2: 500, // Unknown
  3: 400, // InvalidArgument
  4: 504, // DeadlineExceeded
  5: 404, // NotFound
  6: 409, // AlreadyExists
  7: 403, // PermissionDenied
  8: 429, // ResourceExhausted
  9: 400, // FailedPrecondition
  10: 409, // Aborted
  11: 400, // OutOfRange
  12: 501, // Unimplemented
  13: 500, // Internal
  14: 503, // Unavailable
  16: 401, // Unauthenticated
} as const;

/** What each of our failures is to a client. */
export const GRPC_CODES: Readonly<Record<ErrorCode, GrpcCode>> = {
  InvalidSpec: 3,
  InvalidConfig: 9,
  NotPermitted: 3,
  DestinationUnknown: 3,
  GitUnreachable: 14,
  GitAuthFailed: 9,
  RevisionNotFound: 9,
  SignatureRefused: 9,
  PathNotFound: 9,
  UnsafePath: 9,
  InvalidManifest: 9,
  RenderFailed: 9,
  LimitExceeded: 8,
  ToolMissing: 13,
  KubeUnreachable: 14,
  KubeUnauthorized: 16,
  KubeForbidden: 7,
  KubeNotFound: 5,
  KubeAlreadyExists: 6,
  KubeConflict: 10,
  KubeGone: 10,
  KubeInvalid: 3,
  KubeTooManyRequests: 8,
  KubeRejected: 2,
  IgnoreRuleFailed: 9,
  InvalidAction: 3,
  Unauthenticated: 16,
  PermissionDenied: 7,
  NotFound: 5,
  AlreadyExists: 6,
  InvalidRequest: 3,
  NotPossibleNow: 9,
  TooManyRequests: 8,
  NotImplemented: 12,
  RequestFailed: 2,
  ScriptFailed: 2,
  Timeout: 4,
  Internal: 13,
};
