import { parentPort } from 'node:worker_threads';
import { compareSync, hashSync } from 'bcryptjs';
import type { BcryptAnswer, BcryptJob } from './passwords.ts';

/** What the incumbent hashes with. */
const COST = 10;

parentPort?.on('message', ({ id, password, hash }: BcryptJob) => {
  parentPort?.postMessage({ id, value: answer(password, hash) } satisfies BcryptAnswer);
});

function answer(password: string, hash: string | undefined): string | boolean {
  if (hash === undefined) return hashSync(password, COST);
  try {
    return compareSync(password, hash);
  } catch {
    return false; // no hash of bcrypt: nothing is right
  }
}
