/** A webhook as it comes. */
export interface SentWebhook {
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Takes in a webhook, and says what to answer. Never throws for what was sent. */
export type ReceiveWebhook = (
  request: SentWebhook,
) => Promise<{ readonly status: number; readonly message: string }>;
