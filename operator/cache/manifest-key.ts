import type { ApplicationSource } from '../core/app/types.ts';
import { fnv1a32 } from '../core/fnv.ts';
import { canonicalJson, type JsonObject } from '../core/objects/json.ts';
import type { RenderName } from '../ports/manifest-store.ts';

export interface ManifestKeyOptions {
  /** Stands before every key. */
  readonly prefix: string;
  readonly compress: boolean;
  readonly tracking: {
    readonly method: string;
    readonly labelKey: string;
    readonly installationId: string | undefined;
  };
}

/** Of the layout that Argo CD writes; whoever cleans up by pattern finds ours with its own. */
const LAYOUT_VERSION = '1.8.3';

/**
 * `mfst|<tracking>|<instance>|<revision>|<namespace>|<hash>[|<installation id>]|1.8.3[.gz]`. For sources in
 * Git address and target revision do not count, so that a branch that moves to a known commit is a hit.
 */
export function manifestKey(name: RenderName, options: ManifestKeyOptions): string {
  const { method, labelKey, installationId } = options.tracking;
  const tracking = method === 'label' ? labelKey : `${method}:${labelKey}`;
  const { instance, revision, namespace } = name;
  const parts = ['mfst', tracking, instance, revision, namespace, String(hashOf(name))];
  if (installationId !== undefined) parts.push(installationId);
  return `${options.prefix}${parts.join('|')}|${LAYOUT_VERSION}${options.compress ? '.gz' : ''}`;
}

function hashOf({ source, refs, kubeVersion, apiVersions }: RenderName): number {
  const isChart = (source.chart ?? '') !== '';
  const counted: ApplicationSource = isChart
    ? source
    : { ...source, repoURL: '', targetRevision: '' };
  const lent = Object.fromEntries(Array.from(refs, ([ref, { revision }]) => [ref, revision]));
  const sources = canonicalJson({ source: counted, refs: lent } as unknown as JsonObject); // parsed, so JSON
  const cluster = [kubeVersion, ...apiVersions.toSorted()].join('|');
  return (fnv1a32(sources) + fnv1a32(cluster)) >>> 0;
}
