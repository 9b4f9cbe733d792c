/**
 * Where somebody is sent after signing in: an address with scheme, host and beginning of the path of one of
 * `bases`, in its cleaned form. `undefined`: it is not, and nobody is sent there.
 */
export function safeReturnUrl(written: string, bases: readonly string[]): string | undefined {
  // Browsers pass over tabs and line breaks, and take a backslash for a slash: only what is written plainly.
  if (/[^!-[\]-~]/.test(written)) return undefined;
  if (!URL.canParse(written)) return undefined;
  const url = new URL(written);
  if (url.username !== '' || url.password !== '') return undefined;
  const isBelow = bases.some((base) => {
    if (!URL.canParse(base)) return false;
    const { protocol, host, pathname } = new URL(base);
    const path = pathname.replace(/\/+$/, '');
    return (
      url.protocol === protocol &&
      url.host === host &&
      (url.pathname === path || url.pathname.startsWith(`${path}/`)) &&
      // What was escaped could mean a step upwards to whoever unescapes it.
      !/%2e|%2f|%5c/i.test(url.pathname)
    );
  });
  return isBelow ? url.href : undefined;
}

/** The base whose host a request was sent to; else the first one. */
export function baseOf(host: string | undefined, bases: readonly string[]): string | undefined {
  const same = bases.find(
    (base) => URL.canParse(base) && new URL(base).host === host?.toLowerCase(),
  );
  return same ?? bases[0];
}
