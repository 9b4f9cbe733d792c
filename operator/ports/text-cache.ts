/**
 * Texts by key that outlive this process. Never in the way: whatever goes wrong is a miss; nothing is
 * thrown but the reason of an abort.
 */
export interface TextCache {
  get(key: string, signal: AbortSignal): Promise<string | undefined>;
  set(key: string, value: string, signal: AbortSignal): Promise<void>;
}
