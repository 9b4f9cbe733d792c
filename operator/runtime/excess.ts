/** Something on disk that may be removed. */
export interface KeptFile {
  readonly path: string;
  readonly bytes: number;
  /** Wall clock, milliseconds since 1970. */
  readonly usedAtMs: number;
}

/** What has to go: all that was not used for too long, then what was used longest ago, until the rest fits. */
export function excess<F extends KeptFile>(
  files: readonly F[],
  limits: { readonly maxBytes: number; readonly maxAgeMs: number; readonly now: number },
): readonly F[] {
  const { maxBytes, maxAgeMs, now } = limits;
  const oldestFirst = files.toSorted((left, right) => left.usedAtMs - right.usedAtMs);
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const gone: F[] = [];
  for (const file of oldestFirst) {
    if (bytes <= maxBytes && now - file.usedAtMs <= maxAgeMs) break;
    gone.push(file);
    bytes -= file.bytes;
  }
  return gone;
}
