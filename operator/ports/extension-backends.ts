import type { ExtensionConnection } from '../core/settings/extensions.ts';

export interface ExtensionRequest {
  readonly method: string;
  /** Whole. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Absent: none. */
  readonly body?: AsyncIterable<Uint8Array>;
  readonly connection: ExtensionConnection;
}

export interface ExtensionAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Services that administrators put behind the API. */
export interface ExtensionBackends extends AsyncDisposable {
  /**
   * Asks one; redirects are not followed. The body is read as it comes, and released when the signal is aborted.
   * Errors: `RequestFailed` when there is no answer.
   */
  request(request: ExtensionRequest, signal: AbortSignal): Promise<ExtensionAnswer>;
}
