import fc from 'fast-check';
import type { KubeObject } from '../../objects/kube-object.ts';
import { DEFAULT_TRACKING, track } from '../../tracking/tracking.ts';
import { isNamespaced, manifest } from './objects.ts';
import { APP, NAMESPACE, type Behaviour, type Setup } from './simulate.ts';

// Random applications over random clusters. Names are few, so that objects meet.

const POLICIES = [undefined, 'HookSucceeded', 'HookFailed', 'BeforeHookCreation,HookFailed'];
const HOOKS = ['PreSync', 'Sync', 'PostSync', 'SyncFail', 'PreSync,PostSync', 'PreSync,SyncFail'];

const anyResource: fc.Arbitrary<KubeObject> = fc
  .record({
    kind: fc.constantFrom('ConfigMap', 'Deployment', 'Secret', 'ClusterRole'),
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    wave: fc.integer({ min: -1, max: 2 }),
    version: fc.constantFrom('1', '2'),
    options: fc.constantFrom(undefined, undefined, undefined, 'PruneLast=true', 'Prune=false'),
  })
  .map(({ kind, name, wave, version, options }) =>
    manifest(`${kind}/${name}`, {
      wave,
      data: { version },
      ...(options === undefined ? {} : { options }),
    }),
  );

const anyHook: fc.Arbitrary<KubeObject> = fc
  .record({
    name: fc.constantFrom('x', 'y', 'z', ''),
    hook: fc.constantFrom(...HOOKS),
    policy: fc.constantFrom(...POLICIES),
    wave: fc.integer({ min: -1, max: 1 }),
  })
  .map(({ name, hook, policy, wave }) =>
    manifest(`Job/${name}`, {
      hook,
      wave,
      ...(policy === undefined ? {} : { policy }),
      ...(name === '' ? { metadata: { generateName: 'generated-' } } : {}),
    }),
  );

/** Something in the cluster: ours, a copy of our mark, another Application's, or somebody else's. */
const anyLive: fc.Arbitrary<KubeObject> = fc
  .record({
    object: fc.oneof(
      anyResource,
      anyHook.filter(({ metadata }) => metadata.name !== undefined),
    ),
    mark: fc.constantFrom('ours', 'ours', 'ours', 'copied', 'foreign', 'none'),
  })
  .map(({ object, mark }) => {
    const placed = isNamespaced(object)
      ? { ...object, metadata: { ...object.metadata, namespace: NAMESPACE } }
      : object;
    const marked = track(placed, APP, NAMESPACE, DEFAULT_TRACKING);
    if (mark === 'none') return placed;
    if (mark === 'foreign') return track(placed, 'other', NAMESPACE, DEFAULT_TRACKING);
    if (mark === 'ours') return marked;
    const copy = `${object.metadata.name}-copy`;
    return { ...marked, metadata: { ...marked.metadata, name: copy } };
  });

/** Is well sooner or later. */
export const healthy: fc.Arbitrary<Behaviour> = fc.record({
  health: fc.record({ afterTicks: fc.nat(4), then: fc.constant('Healthy' as const) }),
  lingersTicks: fc.nat(2),
});

/** May also be degraded, or refused by the API server. */
export const anyBehaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { weight: 4, arbitrary: healthy },
  {
    weight: 1,
    arbitrary: fc.record({
      // From the start: whether a later failure is seen depends on when somebody looks.
      health: fc.constant({ afterTicks: 0, then: 'Degraded' as const }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ rejected: 'refused' }) },
);

const OPTIONS = ['ApplyOutOfSyncOnly=true', 'PruneLast=true'];

/** An application, and how its objects behave. */
export function anySetup(
  behaviour: fc.Arbitrary<Behaviour>,
  options: readonly string[] = OPTIONS,
): fc.Arbitrary<Setup> {
  const names = ['ConfigMap', 'Deployment', 'Secret', 'ClusterRole']
    .flatMap((kind) => ['a', 'b', 'c', 'd'].map((name) => `${kind}/${name}`))
    .concat('Job/x', 'Job/y', 'Job/z');
  return fc.record({
    // One manifest for each object: two hooks of one name would overwrite each other.
    manifests: fc.uniqueArray(fc.oneof({ weight: 3, arbitrary: anyResource }, anyHook), {
      maxLength: 7,
      selector: ({ kind, metadata }) => `${kind}/${metadata.name}`,
    }),
    behaviour: fc.dictionary(fc.constantFrom(...names), behaviour, { maxKeys: 8 }),
    operation: fc.record({
      prune: fc.boolean(),
      syncOptions: fc.subarray([...options]),
    }),
  });
}

/** The same items in any order. */
export const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
  fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });

/** What stands in the cluster before. */
export const anyWorld: fc.Arbitrary<KubeObject[]> = fc.array(anyLive, { maxLength: 6 });
