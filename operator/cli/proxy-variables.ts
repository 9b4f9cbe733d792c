const PROXY_VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy', 'all_proxy'] as const;

/** The variables by which git learns of proxies; it starts without any others of ours. */
export function proxyVariables(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of PROXY_VARIABLES) {
    const value = env[name] ?? env[name.toUpperCase()];
    if (value !== undefined && value !== '') found[name] = value;
  }
  return found;
}
