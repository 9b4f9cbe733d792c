/** A kind that is known to be there, addressed without discovery. */
export interface KnownResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
  readonly preferred: boolean;
}

const core = (kind: string, plural: string): KnownResource => ({
  ...{ group: '', version: 'v1', kind, plural },
  namespaced: true,
  verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  subresources: [],
  preferred: true,
});

export const secretsResource: KnownResource = core('Secret', 'secrets');
