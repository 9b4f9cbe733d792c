/** When the same attempt may be made again. */
export type Retry = 'never' | 'backoff' | { readonly afterMs: number };

interface CatalogueEntry {
  readonly retry: Retry;
  /** The next thing a person should try; an instance may say something more precise. */
  readonly hint: string;
}

export type ErrorCode =
  | 'InvalidSpec'
  | 'InvalidConfig'
  | 'NotPermitted'
  | 'DestinationUnknown'
  | 'GitUnreachable'
  | 'GitAuthFailed'
  | 'RevisionNotFound'
  | 'SignatureRefused'
  | 'PathNotFound'
  | 'UnsafePath'
  | 'InvalidManifest'
  | 'RenderFailed'
  | 'LimitExceeded'
  | 'ToolMissing'
  | 'KubeUnreachable'
  | 'KubeUnauthorized'
  | 'KubeForbidden'
  | 'KubeNotFound'
  | 'KubeAlreadyExists'
  | 'KubeConflict'
  | 'KubeGone'
  | 'KubeInvalid'
  | 'KubeTooManyRequests'
  | 'KubeRejected'
  | 'IgnoreRuleFailed'
  | 'InvalidAction'
  | 'Unauthenticated'
  | 'PermissionDenied'
  | 'NotFound'
  | 'AlreadyExists'
  | 'InvalidRequest'
  | 'NotPossibleNow'
  | 'TooManyRequests'
  | 'NotImplemented'
  | 'RequestFailed'
  | 'ScriptFailed'
  | 'Timeout'
  | 'Internal';

/** Every failure that Tiphys reports by name. `docs/errors.md` explains each; a test keeps them in step. */
export const ERROR_CATALOGUE: Readonly<Record<ErrorCode, CatalogueEntry>> = {
  InvalidSpec: {
    retry: 'never',
    hint: 'Correct the named field of the object and apply it again.',
  },
  InvalidConfig: { retry: 'never', hint: 'Correct the named flag, variable or key.' },
  NotPermitted: {
    retry: 'never',
    hint: 'Ask an administrator to permit it in the AppProject, or choose something it permits.',
  },
  DestinationUnknown: {
    retry: 'backoff',
    hint: 'Register the cluster with a cluster secret, or correct spec.destination.',
  },
  GitUnreachable: {
    retry: 'backoff',
    hint: 'Check the repository URL, the network and the proxy.',
  },
  GitAuthFailed: { retry: 'backoff', hint: 'Check the credentials of the repository secret.' },
  RevisionNotFound: {
    retry: 'backoff',
    hint: 'Push the branch or tag, or correct targetRevision.',
  },
  SignatureRefused: {
    retry: 'backoff',
    hint: 'Sign it with a key that the AppProject allows, or add the key to argocd-gpg-keys-cm.',
  },
  PathNotFound: { retry: 'never', hint: 'Correct spec.source.path, or commit the folder.' },
  UnsafePath: { retry: 'never', hint: 'Keep links and references inside the repository.' },
  InvalidManifest: { retry: 'never', hint: 'Correct the named file in Git.' },
  RenderFailed: { retry: 'never', hint: 'Run the named command in a checkout of the revision.' },
  LimitExceeded: { retry: 'never', hint: 'Split the source, or raise the named limit.' },
  ToolMissing: {
    retry: 'backoff',
    hint: 'Install the program or set its path in the configuration.',
  },
  KubeUnreachable: { retry: 'backoff', hint: 'Check the API server, its address and the network.' },
  KubeUnauthorized: {
    retry: 'backoff',
    hint: 'Check the token or certificate of the cluster secret.',
  },
  KubeForbidden: { retry: 'backoff', hint: 'Grant the named verb to the account that is named.' },
  KubeNotFound: { retry: 'backoff', hint: 'The object or its kind does not exist (any more).' },
  KubeAlreadyExists: { retry: 'backoff', hint: 'The object exists; read it again.' },
  KubeConflict: { retry: 'backoff', hint: 'Someone changed the object meanwhile; read it again.' },
  KubeGone: { retry: 'backoff', hint: 'The resource version is too old; list again.' },
  KubeInvalid: { retry: 'never', hint: 'Correct the fields that the API server names.' },
  KubeTooManyRequests: { retry: 'backoff', hint: 'The API server is shedding load; wait.' },
  KubeRejected: { retry: 'backoff', hint: 'Read the message of the API server.' },
  IgnoreRuleFailed: { retry: 'never', hint: 'Correct the rule in ignoreDifferences.' },
  InvalidAction: {
    retry: 'never',
    hint: 'List the actions of the object: their names, parameters and whether they are possible now.',
  },
  Unauthenticated: { retry: 'never', hint: 'Sign in again.' },
  PermissionDenied: {
    retry: 'never',
    hint: 'Ask an administrator for a role that allows it; tiphys can SUBJECT ACTION RESOURCE OBJECT tells which rule decides.',
  },
  NotFound: {
    retry: 'never',
    hint: 'Check the name and, if given, the project and the namespace.',
  },
  AlreadyExists: {
    retry: 'never',
    hint: 'Choose another name, or ask for the existing one to be changed (upsert=true).',
  },
  InvalidRequest: { retry: 'never', hint: 'Correct the named field of the request.' },
  NotPossibleNow: { retry: 'never', hint: 'Wait for, or change, what the message names.' },
  TooManyRequests: { retry: 'backoff', hint: 'Ask again later, and less at once.' },
  NotImplemented: { retry: 'never', hint: 'This version of Tiphys does not have it.' },
  RequestFailed: { retry: 'never', hint: 'Read the message; the request was understood.' },
  ScriptFailed: { retry: 'never', hint: 'Correct the script in the ConfigMap argocd-cm.' },
  Timeout: { retry: 'backoff', hint: 'Raise the named limit if the work is legitimately slow.' },
  Internal: { retry: 'backoff', hint: 'This is a defect in Tiphys: please report it.' },
};

export interface TiphysErrorOptions {
  readonly cause?: unknown;
  readonly hint?: string;
  readonly retry?: Retry;
  /** Facts for logs and status, such as `{ app, resource, revision, path }`. Never secret values. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * An attempt that failed. `message` reads "subject: what failed: reason"; `hint` is the next step
 * for a person; `retry` says whether the same attempt can succeed later.
 */
export class TiphysError extends Error {
  override readonly name = 'TiphysError';
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retry: Retry;
  readonly fields: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ErrorCode, message: string, options: TiphysErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint ?? ERROR_CATALOGUE[code].hint;
    this.retry = options.retry ?? ERROR_CATALOGUE[code].retry;
    this.fields = options.fields ?? {};
  }
}

/** True for a `TiphysError` with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is TiphysError {
  return error instanceof TiphysError && codes.includes(error.code);
}

/** What a status tells of a failure: the message, and what to try next unless the message says it already. */
export function withHint({ message, hint }: Pick<TiphysError, 'message' | 'hint'>): string {
  if (hint === '' || message.includes(hint)) return message;
  return `${message.replace(/[.\s]+$/, '')}. ${hint}`;
}

/** Normalises whatever was thrown; foreign errors become `Internal` with the original as cause. */
export function toTiphysError(error: unknown): TiphysError {
  if (error instanceof TiphysError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TiphysError('Internal', message, { cause: error });
}
