/**
 * What the servers of one control plane share and may lose: revoked tokens, failed sign-ins, states of
 * connections. In memory, or in Redis when there are several. Reading never throws but for the reason of an
 * abort: what cannot be reached is as good as absent.
 */
export interface StateCache {
  get(key: string, signal: AbortSignal): Promise<string | undefined>;
  /** Resolves with whether everybody can see it; when Redis is away it is kept here. */
  set(key: string, value: string, ttlMs: number, signal: AbortSignal): Promise<boolean>;
  delete(key: string, signal: AbortSignal): Promise<void>;
  /** Tells everybody who listens, this process included. Best effort. */
  publish(channel: string, message: string): void;
  /** The listener must not throw or wait. */
  subscribe(channel: string, listener: (message: string) => void): Disposable;
}
