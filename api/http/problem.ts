import { type TiphysError, toTiphysError } from '../../operator/index.ts';
import { GRPC_CODES, HTTP_STATUS, type GrpcCode } from './grpc-code.ts';

/** A failure as it is sent. The text stands in it twice: clients read one or the other. */
export interface Problem {
  readonly status: number;
  readonly code: GrpcCode;
  readonly message: string;
  /** What a person should try next; empty when that would tell too much. */
  readonly hint: string;
}

/**
 * What a client is told of a failure. Of what we did not foresee it is told nothing but that it is in
 * the log, under the number of the request.
 */
export function problemOf(thrown: unknown): Problem {
  const error = toTiphysError(thrown);
  const code = GRPC_CODES[error.code];
  const status = HTTP_STATUS[code];
  if (isUnforeseen(error))
    return {
      status,
      code,
      message: 'internal error',
      hint: 'The log has it under the request id.',
    };
  return { status, code, message: error.message, hint: error.hint };
}

/** Ours to repair, and to log with its stack. */
export function isUnforeseen(error: TiphysError): boolean {
  return error.code === 'Internal';
}

/** The body of an answer that says no. */
export function problemBody({ code, message, hint }: Problem): object {
  return { error: message, code, message, ...(hint !== '' && { hint }) };
}

/** The last message of a stream that fails on its way. */
export function problemChunk({ status, code, message }: Problem, words: string): object {
  return { error: { grpc_code: code, http_code: status, message, http_status: words } };
}
