import { TiphysError } from '../operator/core/errors.ts';

/** `v1.36.3+k3s1` → `1.36.3`. Errors: `InvalidSpec`. */
export function plainVersion(version: string): string {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version);
  if (match === null) {
    throw new TiphysError('InvalidSpec', `"${version}" is not a Kubernetes version`);
  }
  const [, major, minor, patch = '0'] = match;
  return `${major}.${minor}.${patch}`;
}
