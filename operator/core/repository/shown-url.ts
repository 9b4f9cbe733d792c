/** A URL as it may be shown: without password, and over HTTP without a user, who may be a token. */
export function shownUrl(url: string): string {
  return url
    .replace(/^(https?:\/\/)[^/@]*@/i, '$1')
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/@]*@/i, '$1@');
}
