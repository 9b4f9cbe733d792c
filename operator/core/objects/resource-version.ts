/**
 * Order of two resource versions of one kind: negative when `left` is older. They are decimal numbers
 * that only grow (Kubernetes KEP-5504); versions of another form cannot be ordered and give undefined.
 */
export function compareResourceVersions(left: string, right: string): number | undefined {
  if (!DECIMAL.test(left) || !DECIMAL.test(right)) return undefined;
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

const DECIMAL = /^[1-9][0-9]*$/;
