import { TiphysError } from '../core/errors.ts';

/** What git says when its own copy is broken; `remote:` begins what the server says about its own. */
const DAMAGE = [
  /\bcorrupt/i,
  /\binflate\b|incorrect data check|incorrect header check/i,
  /bad object|invalid object|missing (?:tree|blob|commit|object)|object .* is missing/i,
  /unable to (?:read|unpack|mmap|open object|find)|could not (?:read(?! from remote)|open|parse|get)|failed to read/i,
  /packfile .* (?:is|cannot|does not|claims)|pack has|index file .*(?:corrupt|small|different)|wrong index/i,
  /not a git repository|bad config|bad signature|broken ref|invalid sha1 pointer/i,
  /did not send all necessary objects|unresolved deltas/i,
];

const FULL = /no space left on device|disk quota exceeded/i;

/** Whether a failure tells that the mirror on disk is broken, so that making it anew may help. */
export function isDamage(error: unknown): boolean {
  if (!(error instanceof TiphysError)) return false;
  if (isDiskFull(error.message)) return false;
  return error.message
    .split(/; |\n/)
    .filter((words) => !/\bremote: /i.test(words))
    .some((words) => DAMAGE.some((pattern) => pattern.test(words)));
}

export function isDiskFull(words: string): boolean {
  return FULL.test(words);
}
