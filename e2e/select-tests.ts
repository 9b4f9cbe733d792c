/**
 * Where a test file belongs. `unit` needs nothing but Node; `integration` starts real servers and
 * programs of its own; `e2e` plays scenarios with kubectl on a whole cluster.
 */
export const SUITES = ['unit', 'integration', 'e2e'] as const;
export type Suite = (typeof SUITES)[number];

const INTEGRATION = [
  /^operator\/(?:kube|live|git|cache|telemetry)\//,
  /^e2e\/(?:controlplane|lint|package)\//,
  /\.integration\.test\.ts$/,
];
const UNIT = /^(?:operator|generators|api|crds|docs|e2e\/language)\//;

/** The suite of a path like `operator/core/glob.test.ts`. Every test file is in exactly one. */
export function suiteOf(path: string): Suite {
  if (INTEGRATION.some((pattern) => pattern.test(path))) return 'integration';
  return UNIT.test(path) ? 'unit' : 'e2e';
}
