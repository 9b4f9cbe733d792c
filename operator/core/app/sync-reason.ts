import type { ComparedResource } from './compared-resource.ts';

const SHOWN_PATHS = 3;
const MAX_PATH = 120;

/**
 * Why an object is not Synced, in one short line for `status.resources[].syncReason`; `undefined`
 * when it is, or has no sync status. Names fields, never values.
 */
export function syncReasonOf(resource: ComparedResource): string | undefined {
  if (!resource.permitted) return 'the project does not permit it';
  if (resource.hook || !resource.selfReferenced) return undefined;
  const what = difference(resource);
  if (what === undefined) return undefined;
  return resource.held === undefined ? what : `${what}; ${resource.held.message}`;
}

function difference({ comparison, paths, ruleFailure }: ComparedResource): string | undefined {
  switch (comparison.type) {
    case 'equal':
      return undefined;
    case 'missing':
      return 'is missing in the cluster';
    case 'extra':
      return 'is not in the source any more';
    case 'different':
      return ruleFailure === undefined
        ? `differs in ${listed(paths)}`
        : 'not decided, see IgnoreDifferencesWarning';
  }
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, SHOWN_PATHS).map(shorten).join(', ');
  const more = paths.length - SHOWN_PATHS;
  return more > 0 ? `${shown} and ${more} more` : shown;
}

const shorten = (path: string): string =>
  path.length > MAX_PATH ? `${path.slice(0, MAX_PATH - 1)}…` : path;
