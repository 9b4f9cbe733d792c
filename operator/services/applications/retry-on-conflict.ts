import { hasCode } from '../../core/errors.ts';

const ATTEMPTS = 10;

/** Makes an attempt again when somebody else wrote meanwhile, up to ten times; each must read anew. */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let made = 1; ; made += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (made >= ATTEMPTS || !hasCode(error, 'KubeConflict')) throw error;
    }
  }
}
