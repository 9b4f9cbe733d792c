import type { WebhookSecrets } from '../core/webhook/secrets.ts';
import { readWebhook, type WebhookAnswer, type WebhookRequest } from './webhook.ts';

export interface ReceiveOptions {
  /** Read anew for each request. */
  readonly settings: () => { readonly secrets: WebhookSecrets; readonly maxBytes: number };
  /** Bound of all bodies that are being read, together. Default: twice the bound of one. */
  readonly maxHeldBytes?: number;
}

/**
 * Reads webhooks that come at once within one bound of memory: what comes while it is full is answered
 * with 503, and the sender tries again. Never throws for what was sent.
 */
export function createWebhookReader(
  options: ReceiveOptions,
): (request: WebhookRequest) => Promise<WebhookAnswer> {
  let held = 0;

  return async (request) => {
    const { secrets, maxBytes } = options.settings();
    const limit = options.maxHeldBytes ?? 2 * maxBytes;
    let own = 0;
    async function* bounded(): AsyncGenerator<Uint8Array> {
      for await (const chunk of request.body) {
        own += chunk.length;
        held += chunk.length;
        if (held > limit) throw new TooBusy();
        yield chunk;
      }
    }
    try {
      return await readWebhook({ ...request, body: bounded() }, secrets, maxBytes);
    } catch (error) {
      if (!(error instanceof TooBusy)) throw error;
      return { status: 503, message: 'Too many webhooks at once, try again later' };
    } finally {
      held -= own;
    }
  };
}

class TooBusy extends Error {}
