/** A kind that every API server has, addressed without discovery. */
export interface CoreResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  readonly subresources: readonly string[];
  readonly preferred: boolean;
}

const core = (kind: string, plural: string): CoreResource => ({
  ...{ group: '', version: 'v1', kind, plural },
  namespaced: true,
  verbs: ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'],
  subresources: [],
  preferred: true,
});

export const secretsResource: CoreResource = core('Secret', 'secrets');
