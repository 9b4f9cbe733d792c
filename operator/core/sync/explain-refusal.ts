/**
 * What the API server said about an object, with the sync option that would help, where there is one.
 */
export function explainRefusal(message: string): string {
  const hint = HINTS.find(({ when }) => when.test(message))?.hint;
  return hint === undefined ? message : `${message.replace(/\.?\s*$/, '')}. ${hint}`;
}

const REPLACE_IT =
  'It can only be set when the object is made: annotate the object with argocd.argoproj.io/sync-options: Replace=true,Force=true to delete it and make it anew, or give it another name.';

const HINTS: readonly { readonly when: RegExp; readonly hint: string }[] = [
  {
    when: /metadata\.annotations: Too long: (may|must) (not be more than|have at most) 262144 bytes/,
    hint: 'The copy that a client-side apply keeps in an annotation is too large: use server-side apply (ServerSideApply=true), or Replace=true.',
  },
  {
    when: /PersistentVolumeClaim.*(is immutable|Forbidden: spec is immutable)/s,
    hint: `${REPLACE_IT} Its data goes with it, unless the volume is retained.`,
  },
  {
    when: /is immutable|cannot change roleRef|updates to \S+ spec for fields other than|may not change once set|may not be changed once set|Forbidden: (pod )?updates? (to|may)/,
    hint: REPLACE_IT,
  },
];
