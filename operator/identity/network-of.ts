import { isIPv6 } from 'node:net';

const MAPPED = '0:0:0:0:0:ffff:';

/**
 * Whom failures are counted for: an IPv4 address, also one that is written as IPv6, and of an IPv6 address the first 64
 * bits, for everybody has the others to choose from. What is no address is itself.
 */
export function networkOf(address: string): string {
  const bare = address.replace(/%.*$/, ''); // the interface that it was seen on
  if (!isIPv6(bare)) return address;
  const groups = groupsOf(bare);
  if (!groups.join(':').startsWith(MAPPED)) return `${groups.slice(0, 4).join(':')}::/64`;
  const bytes = groups.slice(6).flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  return bytes.join('.');
}

/** All eight, without zeros that say nothing. */
function groupsOf(address: string): readonly string[] {
  const written = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = written
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''));
  const left = Math.max(0, 8 - head.length - tail.length);
  return [...head, ...Array<string>(left).fill('0'), ...tail];
}
