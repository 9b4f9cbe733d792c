import type { Application } from '../core/app/types.ts';
import { hasRules } from '../core/diff/ignore-rules.ts';
import { respectIgnored } from '../core/diff/respect-ignored.ts';
import { TiphysError } from '../core/errors.ts';
import { removePaths } from '../core/objects/json-path.ts';
import { describeResource, idOf, keyOf, type KubeObject } from '../core/objects/kube-object.ts';
import type { Cluster } from '../ports/clusters.ts';
import { ownedByIgnored } from './ask-server.ts';
import { findIgnored, ignoredOf, rulesFor, type IgnoreMemory } from './leave-out-ignored.ts';
import type { EnginePorts } from './ports.ts';

export interface RespectRequest {
  readonly app: Application;
  readonly cluster: Cluster;
  readonly memory: IgnoreMemory;
  readonly ports: Pick<EnginePorts, 'scripts' | 'clock' | 'resources'>;
}

/**
 * What to apply so that parts that rules leave out of the comparison stay as they are in the cluster.
 * Errors: `IgnoreRuleFailed` when a rule could not be followed; nothing is applied then.
 */
export async function respectIgnoredParts(
  target: KubeObject,
  live: KubeObject,
  { app, cluster, memory, ports }: RespectRequest,
  signal: AbortSignal,
): Promise<KubeObject> {
  const own = app.spec.ignoreDifferences ?? undefined;
  const rules = rulesFor(keyOf(target), own, ports.resources(), memory);
  if (!hasRules(rules)) return target;
  const both = [target, live].map((object) => ({ object, rules }));
  await findIgnored(both, ports, memory, signal);
  const desired = ignoredOf(target, rules, memory);
  const actual = ignoredOf(live, rules, memory);
  const failure = desired.failure ?? actual.failure;
  if (failure !== undefined)
    throw new TiphysError(
      'IgnoreRuleFailed',
      `${describeResource(idOf(target))}: RespectIgnoreDifferences: ${failure}`,
      { hint: 'Correct the rule in ignoreDifferences.' },
    );
  const others =
    rules.managers.length === 0
      ? []
      : (await ownedByIgnored({ target, live, rules }, cluster, signal)).desired;
  // What another manager owns is not sent at all; the server keeps it.
  return respectIgnored(removePaths(target, others), live, {
    desired: desired.paths,
    live: actual.paths,
  });
}
