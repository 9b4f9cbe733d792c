import { parseDuration } from '../app/duration.ts';
import type { KubeObject } from '../objects/kube-object.ts';

/** On a hook: how long it may take, counted from the creation of its object. */
export const HOOK_DEADLINE_ANNOTATION = 'tiphys.io/hook-deadline';

/** How long a hook may take. */
export type HookDeadline =
  | { readonly type: 'none' }
  /** `text` as it was written. */
  | { readonly type: 'after'; readonly ms: number; readonly text: string }
  | { readonly type: 'invalid'; readonly message: string };

const NONE: HookDeadline = { type: 'none' };

/** What the hook says goes before the operator's default; 0 is no deadline. */
export function hookDeadline({ kind, metadata }: KubeObject, defaultMs: number): HookDeadline {
  const text = metadata.annotations?.[HOOK_DEADLINE_ANNOTATION];
  if (text === undefined)
    return defaultMs > 0 ? { type: 'after', ms: defaultMs, text: `${defaultMs / 1000}s` } : NONE;
  const ms = parseDuration(text.trim());
  if (ms === undefined || ms < 0)
    return {
      type: 'invalid',
      message: `hook ${kind}/${metadata.name ?? ''}: annotation ${HOOK_DEADLINE_ANNOTATION}: "${text}" is no duration such as 90s or 10m`,
    };
  return ms === 0 ? NONE : { type: 'after', ms, text: text.trim() };
}

/** When the time of this object is over, milliseconds since 1970; `undefined`: never. */
export function dueAt(
  deadline: HookDeadline | undefined,
  { metadata }: KubeObject,
  parseTime: (text: string) => number,
): number | undefined {
  if (deadline?.type !== 'after') return undefined;
  const madeAtMs = parseTime(metadata.creationTimestamp ?? '');
  return Number.isNaN(madeAtMs) ? undefined : madeAtMs + deadline.ms;
}

/** Why a hook that is over its time has failed. */
export const overdueMessage = (deadline: HookDeadline): string =>
  deadline.type === 'after' ? `did not end within its deadline of ${deadline.text}` : '';
