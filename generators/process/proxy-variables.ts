import type { RepositoryAccess } from '../../operator/core/repository/access.ts';

/** Instead of all variables of the environment: programs look at both spellings. */
export function proxyVariables({ proxy }: RepositoryAccess): Record<string, string> {
  if (proxy === undefined) return {};
  const { url, except } = proxy;
  return {
    ...{ HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: except },
    ...{ http_proxy: url, https_proxy: url, no_proxy: except },
  };
}
