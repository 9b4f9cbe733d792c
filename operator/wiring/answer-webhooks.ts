import type { WebhookReceiver } from '../controllers/webhook.ts';
import { withoutCredentials } from '../core/revision/repository-url.ts';
import type { WebhookAnswer, WebhookRequest } from '../git/webhook.ts';
import type { Logger, LogFields, Metrics } from '../ports/telemetry.ts';

/** Takes in a webhook, and says what to answer. Never throws for what was sent. */
export type ReceiveWebhook = (request: WebhookRequest) => Promise<WebhookAnswer>;

/** Reads webhooks, hands over what they tell, counts and logs them. */
export function answerWebhooks({
  read,
  receiver,
  metrics,
  logger,
}: {
  readonly read: ReceiveWebhook;
  readonly receiver: Pick<WebhookReceiver, 'accept'>;
  readonly metrics: Metrics;
  readonly logger: Logger;
}): ReceiveWebhook {
  return async (request) => {
    const answer = accepted(await read(request));
    const { status, message, event } = answer;
    metrics.count('tiphys_webhooks_total', { status: String(status) });
    if (event === undefined) logger.debug({ status, reason: message }, 'a webhook was answered');
    return answer;
  };

  function accepted(answer: WebhookAnswer): WebhookAnswer {
    const { event } = answer;
    if (event === undefined) return answer;
    const isHeld = receiver.accept(event, (concerned) =>
      logger.info({ ...shortEvent(event), applications: concerned.length }, 'a webhook told news'),
    );
    return isHeld ? answer : FULL;
  }
}

const FULL: WebhookAnswer = { status: 503, message: 'Queue is full, try again later' };

/** Anybody may send one, so no more of it than fits on a line. */
function shortEvent(event: NonNullable<WebhookAnswer['event']>): LogFields {
  const [repository = '', revision] =
    event.type === 'push' ? [event.urls[0], event.revision] : [event.repository, event.tag];
  const short = (text: string) => withoutCredentials(text).slice(0, 200);
  return { repository: short(repository), revision: revision.slice(0, 200) };
}
