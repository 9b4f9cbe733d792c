import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appKey, type AppKey } from '../core/app/app-key.ts';
import type { WebhookAnswer } from '../git/index.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { silentLogger } from '../telemetry/silent.ts';
import { answerWebhooks } from './answer-webhooks.ts';

const PUSH: WebhookAnswer = {
  ...{ status: 200, message: 'accepted' },
  event: {
    ...{ type: 'push', urls: ['https://me:canary@git.example/team/web'], revision: 'main' },
    ...{ touchedHead: true, changedFiles: [] },
  },
};

function world(isHeld: boolean, concerned: readonly AppKey[]) {
  const lines: unknown[] = [];
  const metrics = createMetrics();
  const answer = answerWebhooks({
    read: async () => PUSH,
    receiver: {
      accept(_, told) {
        if (isHeld) told(concerned);
        return isHeld;
      },
    },
    metrics,
    logger: { ...silentLogger, info: (fields, text) => void lines.push([fields, text]) },
  });
  const send = () => answer({ method: 'POST', headers: {}, body: (async function* () {})() });
  const counted = async () =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith('tiphys_webhooks_total'));
  return { send, lines, counted };
}

test('what a webhook tells is logged with the Applications that it concerns', async () => {
  const { send, lines, counted } = world(true, [appKey('argocd', 'a'), appKey('argocd', 'b')]);
  assert.deepEqual(await send(), PUSH);
  const repository = 'https://git.example/team/web';
  assert.deepEqual(lines, [
    [{ repository, revision: 'main', applications: 2 }, 'a webhook told news'],
  ]);
  assert.deepEqual(await counted(), ['tiphys_webhooks_total{status="200"} 1']);
});

test('one for which there is no room is told to come again', async () => {
  const { send, lines, counted } = world(false, []);
  assert.deepEqual(await send(), { status: 503, message: 'Queue is full, try again later' });
  assert.deepEqual(lines, []);
  assert.deepEqual(await counted(), ['tiphys_webhooks_total{status="503"} 1']);
});
