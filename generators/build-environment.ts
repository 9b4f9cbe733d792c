import type { GenerateRequest } from '../operator/ports/generator.ts';

/** Looks up one variable; `undefined` when there is none of that name. */
export type Variables = (name: string) => string | undefined;

/**
 * The variables that may be used in parameters and paths (`ARGOCD_APP_NAME`, …). Each is read from
 * the request only when it is asked for, so that a render depends on no more than it uses.
 */
export function buildEnvironment(request: GenerateRequest): Variables {
  return (name) => {
    switch (name) {
      case 'ARGOCD_APP_NAME':
        return request.instance;
      case 'ARGOCD_APP_NAMESPACE':
        return request.namespace;
      case 'ARGOCD_APP_PROJECT_NAME':
        return request.project;
      case 'ARGOCD_APP_REVISION':
        return request.revision;
      case 'ARGOCD_APP_REVISION_SHORT':
        return request.revision.slice(0, 7);
      case 'ARGOCD_APP_REVISION_SHORT_8':
        return request.revision.slice(0, 8);
      case 'ARGOCD_APP_SOURCE_REPO_URL':
        return request.source.repoURL;
      case 'ARGOCD_APP_SOURCE_PATH':
        return request.source.path ?? '';
      case 'ARGOCD_APP_SOURCE_TARGET_REVISION':
        return request.source.targetRevision ?? '';
      default:
        return undefined;
    }
  };
}

/**
 * Replaces `$NAME` and `${NAME}` as a shell does: an unknown name becomes nothing, `$$` one dollar,
 * `$` before a digit or one of `*#@!?-` vanishes with it, a lone `$` stays.
 */
export function substitute(text: string, variables: Variables): string {
  return text.replace(
    /\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|([0-9*#@!?$-]))/g,
    (_match, braced: string | undefined, name: string | undefined, special: string | undefined) => {
      if (special !== undefined) return special === '$' ? '$' : '';
      return variables(braced ?? name ?? '') ?? '';
    },
  );
}
