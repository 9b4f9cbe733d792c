import { eventually, met, pending } from '../../language/expectation.ts';
import type { World } from '../../language/world.ts';
import type { Sent } from './senders.ts';

/** Sends a webhook to the port that the operator has logged. */
export async function sendWebhook(
  world: World,
  { headers, body }: Sent,
  signal: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  let port = 0;
  const logged = async () => {
    port = Number(/"port":(\d+),[^\n]*"webhooks"/.exec(await world.operatorLog())?.[1] ?? 0);
    return port > 0 ? met('the port is logged') : pending('no port yet');
  };
  await eventually(logged, { withinMs: 20_000, signal });
  const url = `http://127.0.0.1:${port}/api/webhook`;
  const response = await fetch(url, { method: 'POST', headers, body, signal });
  return { status: response.status, text: await response.text() };
}

/** How many Applications each webhook concerned that told news of a repository. */
export async function concernedBy(world: World, repository: string): Promise<readonly number[]> {
  const lines = (await world.operatorLog()).split('\n');
  return lines
    .filter((line) => line.includes('a webhook told news') && line.includes(repository))
    .map((line) => Number(/"applications":(\d+)/.exec(line)?.[1]));
}
