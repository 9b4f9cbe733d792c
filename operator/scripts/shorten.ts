import type { ScriptHealth, ScriptOutcome } from '../ports/script-engine.ts';

/** Characters of a message or reason: it goes to `status`, which etcd keeps. */
const MAX_MESSAGE = 2_048;

const shorten = (text: string): string =>
  text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text;

export function withShortReason<T>(outcome: ScriptOutcome<T>): ScriptOutcome<T> {
  return outcome.type === 'failed' ? { ...outcome, reason: shorten(outcome.reason) } : outcome;
}

export function withShortMessage(
  outcome: ScriptOutcome<ScriptHealth>,
): ScriptOutcome<ScriptHealth> {
  if (outcome.type === 'failed' || outcome.value?.message === undefined) return outcome;
  return { type: 'value', value: { ...outcome.value, message: shorten(outcome.value.message) } };
}
