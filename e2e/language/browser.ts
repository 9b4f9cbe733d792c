export interface Visit {
  readonly url: URL;
  readonly status: number;
  readonly text: string;
}

/** As much of a browser as signing in needs: it follows redirects, and keeps the cookies of each host. */
export interface Browser {
  /** Ends with the first answer that is no redirect, or before an address that begins with `until`. */
  visit(
    address: string,
    options?: { readonly until?: string; readonly method?: string },
  ): Promise<Visit>;
  /** The cookies it would send there, as the header says them. */
  cookies(address: string): string;
}

const MAX_REDIRECTS = 20;

export function createBrowser(signal: AbortSignal): Browser {
  const jar = new Map<string, Map<string, string>>();
  const cookiesOf = (host: string) => {
    const there = jar.get(host) ?? new Map<string, string>();
    jar.set(host, there);
    return there;
  };
  const cookies = (address: string): string =>
    [...cookiesOf(new URL(address).host)].map(([name, value]) => `${name}=${value}`).join('; ');
  const keep = (address: string, set: readonly string[]): void => {
    for (const cookie of set) {
      const [pair = ''] = cookie.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(name.length + 1);
      const isOver = /; max-age=0(;|$)/i.test(cookie) || /; expires=Thu, 01 Jan 1970/i.test(cookie);
      if (isOver) cookiesOf(new URL(address).host).delete(name);
      else cookiesOf(new URL(address).host).set(name, value);
    }
  };
  return {
    cookies,
    async visit(start, { until, method = 'GET' } = {}) {
      let address = start;
      for (let nth = 0; nth < MAX_REDIRECTS; nth += 1) {
        if (until !== undefined && address.startsWith(until))
          return { url: new URL(address), status: 0, text: '' };
        const headers = { cookie: cookies(address) };
        const response = await fetch(address, {
          ...{ headers, signal, redirect: 'manual' },
          method: nth === 0 ? method : 'GET',
        });
        keep(address, response.headers.getSetCookie());
        const text = await response.text();
        const location = response.headers.get('location');
        if (location === null || response.status < 300 || response.status > 399)
          return { url: new URL(address), status: response.status, text };
        address = new URL(location, address).href;
      }
      throw new Error(`${start} leads around in circles`);
    },
  };
}
