import type { JsonObject, KubeObject } from '../../operator/index.ts';
import { presentApplication } from './application.ts';

export interface WrittenOnceOptions {
  /** Of so many ways to write an Application its JSON is kept; the way that was used longest ago goes first. */
  readonly maxWays: number;
}

/**
 * Writes an Application in one of several ways, such as with these fields only. What was written is kept as long as the
 * object of the store: hundreds who ask for the same list are told the same bytes. Never more than `maxWays` times all
 * Applications, however many ways are asked for.
 */
export type WriteApplication = (
  raw: KubeObject,
  way: string,
  write: (presented: JsonObject) => string,
) => string;

export function createWrittenOnce({ maxWays }: WrittenOnceOptions): WriteApplication {
  const ways = new Map<string, WeakMap<KubeObject, string>>();
  const keptOf = (way: string): WeakMap<KubeObject, string> => {
    const kept = ways.get(way) ?? new WeakMap<KubeObject, string>();
    ways.delete(way);
    ways.set(way, kept); // now the last to go
    for (const [oldest] of ways) {
      if (ways.size <= maxWays) break;
      ways.delete(oldest);
    }
    return kept;
  };
  return (raw, way, write) => {
    const kept = keptOf(way);
    let text = kept.get(raw);
    if (text === undefined) {
      text = write(presentApplication(raw));
      kept.set(raw, text);
    }
    return text;
  };
}
