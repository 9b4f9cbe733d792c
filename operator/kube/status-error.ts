import { type ErrorCode, type Retry, TiphysError } from '../core/errors.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';

/** What a request was about, for messages. */
export interface RequestSubject {
  /** `Deployment/web/api`. */
  readonly subject: string;
  /** `apply`, `watch`, … */
  readonly verb: string;
  /** Set when the body carries secret values, which must not come back in a message. */
  readonly secretBody?: JsonValue;
}

/** How the API server refused: HTTP status, the `Status` body or text, and its `Retry-After`. */
export interface Refusal {
  readonly status: number;
  readonly body: JsonValue | undefined;
  readonly retryAfterMs: number | undefined;
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'KubeInvalid',
  401: 'KubeUnauthorized',
  403: 'KubeForbidden',
  404: 'KubeNotFound',
  405: 'KubeNotFound', // the kind is there, but not to be read or written like this
  406: 'KubeRejected',
  409: 'KubeConflict',
  410: 'KubeGone',
  413: 'KubeInvalid',
  415: 'KubeRejected',
  422: 'KubeInvalid',
  429: 'KubeTooManyRequests',
  502: 'KubeUnreachable',
  503: 'KubeUnreachable',
  504: 'Timeout',
};

/** The error for a refused request: `Kind/ns/name: verb failed (Reason): words of the API server`. */
export function refusalError(request: RequestSubject, refusal: Refusal): TiphysError {
  const { status, body, retryAfterMs } = refusal;
  const reason = textAt(body, 'reason') ?? `HTTP ${status}`;
  const words = textAt(body, 'message') ?? (typeof body === 'string' ? body.slice(0, 500) : '');
  const message = withoutSecrets(words.trim(), request.secretBody);
  const code = codeOf(status, reason);
  const hint = hintFor(code, message);
  const retry: Retry | undefined =
    retryAfterMs === undefined || code === 'KubeInvalid' ? undefined : { afterMs: retryAfterMs };
  return new TiphysError(
    code,
    `${request.subject}: ${request.verb} failed (${reason})${message === '' ? '' : `: ${message}`}`,
    {
      ...(hint === undefined ? {} : { hint }),
      ...(retry === undefined ? {} : { retry }),
      fields: { resource: request.subject, reason, status },
    },
  );
}

function codeOf(status: number, reason: string): ErrorCode {
  if (reason === 'AlreadyExists') return 'KubeAlreadyExists';
  if (reason === 'Expired' || reason === 'Gone') return 'KubeGone';
  return CODE_OF_STATUS[status] ?? 'KubeRejected';
}

/** 403 is more than missing rights: admission, quota and namespaces that are going away answer with it too. */
function hintFor(code: ErrorCode, message: string): string | undefined {
  if (code !== 'KubeForbidden' || /\bcannot \S+ resource\b/.test(message)) return undefined;
  if (message.includes('is being terminated')) return 'Wait until the namespace is gone.';
  if (message.includes('exceeded quota')) return 'Raise the quota or ask for less.';
  return 'Read the message of the API server: an admission rule refused the request.';
}

/**
 * The API server quotes values in some messages (a wrong type, an invalid value). For a Secret the
 * values that were sent, and what stands in the places where values are quoted, are masked.
 */
function withoutSecrets(message: string, sent: JsonValue | undefined): string {
  if (sent === undefined) return message;
  let masked = message
    .replace(/Value:[^}]*\}/g, 'Value:***}')
    .replace(/Invalid value: ("(?:[^"\\]|\\.)*"|[^:\s]+)/g, 'Invalid value: ***');
  for (const value of secretValues(sent)) masked = masked.replaceAll(value, '***');
  return masked;
}

/** Texts and numbers under `data` and `stringData`; base64 also decoded. Longest first, so that no part of one stays. */
function secretValues(body: JsonValue): string[] {
  const found = new Set<string>();
  const collect = (value: JsonValue | undefined, inside: boolean): void => {
    if (isJsonArray(value)) for (const item of value) collect(item, inside);
    else if (isJsonObject(value)) {
      for (const [key, member] of Object.entries(value)) {
        // In a JSON patch the values stand under `value`.
        collect(member, inside || key === 'data' || key === 'stringData' || key === 'value');
      }
    } else if (inside && (typeof value === 'string' || typeof value === 'number')) {
      found.add(String(value));
      if (typeof value === 'string') found.add(Buffer.from(value, 'base64').toString('utf8'));
    }
  };
  collect(body, false);
  return [...found].filter((text) => text.length >= 3).sort((a, b) => b.length - a.length);
}

function textAt(body: JsonValue | undefined, key: string): string | undefined {
  const value = isJsonObject(body) ? body[key] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const TLS_CODES = /^(CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_|ERR_SSL_|EPROTO)/;

/** The error for a request that got no answer: connection refused or cut, no such host, bad certificate. */
export function networkError(
  request: Omit<RequestSubject, 'secretBody'>,
  server: string,
  cause: unknown,
): TiphysError {
  const code = codeOfCause(cause);
  const words = messageOfCause(cause);
  return new TiphysError(
    'KubeUnreachable',
    `${request.subject}: ${request.verb} failed: ${server}: ${words}`,
    {
      cause,
      ...(TLS_CODES.test(code)
        ? { hint: 'Check the CA, the certificate and the server name of the connection.' }
        : {}),
      fields: { resource: request.subject, server, ...(code === '' ? {} : { reason: code }) },
    },
  );
}

/** `ECONNREFUSED`, `UND_ERR_SOCKET`, … or an empty text. */
export function codeOfCause(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return '';
  return typeof cause.code === 'string' ? cause.code : '';
}

function messageOfCause(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause.message !== '') return cause.message;
  // An AggregateError of several addresses has no message of its own.
  return cause instanceof AggregateError && cause.errors[0] instanceof Error
    ? cause.errors[0].message
    : cause.name;
}
