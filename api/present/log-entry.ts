import type { JsonObject } from '../../operator/index.ts';
import type { LogEntry } from '../../operator/services/index.ts';

/** A line of a log as clients know it; all of its parts are always there. */
export function presentLogEntry({ content, podName, time, last }: LogEntry): JsonObject {
  return { content, timeStamp: wholeSeconds(time), last, timeStampStr: time, podName };
}

/** What is no time is null. */
function wholeSeconds(time: string): string | null {
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? null : at.toISOString().replace(/\.\d+Z$/, 'Z');
}
