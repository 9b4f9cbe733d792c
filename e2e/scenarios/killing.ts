import { sleep } from '../controlplane/waiting.ts';
import type { World } from '../language/world.ts';

/** An operator that sees every commit at once. What it keeps on disk stays over its lives, as a volume does. */
export const HASTY = [
  '--repo-poll-interval=1s',
  '--repo-poll-jitter=0s',
  '--sync-wave-delay=200ms',
] as const;

export interface Killing {
  readonly kills: number;
  /** From one kill to the next, at random. */
  readonly lifeMs: { readonly min: number; readonly spread: number };
  /** What happens in a life as soon as it has begun; they are counted from 1. */
  readonly during: (life: number) => Promise<unknown>;
}

/**
 * Operators live and are killed, and a last one is started that lives on. Resolves with how long the
 * others lived, for messages.
 */
export async function killAgainAndAgain(
  world: World,
  { kills, lifeMs, during }: Killing,
  signal: AbortSignal,
): Promise<string> {
  const lives: number[] = [];
  for (let life = 1; life <= kills; life += 1) {
    world.startOperator(HASTY);
    await during(life);
    const livesMs = Math.round(lifeMs.min + Math.random() * lifeMs.spread);
    lives.push(livesMs);
    await sleep(livesMs, signal);
    await world.stopOperator('SIGKILL');
  }
  world.startOperator(HASTY);
  return `after lives of ${lives.join(', ')} ms`;
}
