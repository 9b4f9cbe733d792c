import assert from 'node:assert/strict';
import { startControlPlane } from '../../../../e2e/controlplane/control-plane.ts';
import { createKubectl, type Kubectl } from '../../../../e2e/controlplane/kubectl.ts';
import { createKubeClient } from '../../../kube/kube-client.ts';
import { connectionFromKubeconfig } from '../../../kube/kubeconfig.ts';
import { createIngest, LEGACY_MANAGERS } from '../../../live/ingest.ts';
import type { ApiCatalogue, KubeClient, ObjectAddress } from '../../../ports/kube-client.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { hasCode } from '../../errors.ts';
import { gvkOf, type KubeObject } from '../../objects/kube-object.ts';
import { compareObject, type CompareOptions, FIELD_MANAGER } from '../compare-object.ts';
import { predictedChanges } from '../predicted-changes.ts';

/** What comparing comes to when the API server decides on suspicions, as the engine does it. */
export interface Judgement {
  readonly type: 'equal' | 'different';
  readonly paths: readonly string[];
  /** What the local comparison suspected, when it had to ask. */
  readonly suspected: readonly string[];
  readonly certain: boolean;
}

/** A real API server to compare with. */
export interface Arbiter extends AsyncDisposable {
  readonly client: KubeClient;
  readonly kubectl: Kubectl;
  readonly catalogue: ApiCatalogue;
  rediscover(): Promise<void>;
  at(object: KubeObject): ObjectAddress;
  apply(object: KubeObject, options?: { dryRun?: boolean; manager?: string }): Promise<KubeObject>;
  /** As the live store has it. */
  live(object: KubeObject): Promise<KubeObject>;
  judge(
    desired: KubeObject,
    live: KubeObject,
    options?: Partial<CompareOptions>,
  ): Promise<Judgement>;
  remove(object: KubeObject): Promise<void>;
}

export async function startArbiter(signal: AbortSignal): Promise<Arbiter> {
  await using stack = new AsyncDisposableStack();
  const components = { controllerManager: false, scheduler: false, kwok: false };
  const plane = stack.use(await startControlPlane({ signal, components }));
  const connection = await connectionFromKubeconfig({
    path: plane.kubeconfigPath,
    clock: systemClock,
  });
  const client = stack.use(
    createKubeClient({ connection, clock: systemClock, random: Math.random }),
  );
  let catalogue = await client.discover(signal);
  const kubectl = await createKubectl(plane.kubeconfigPath, signal);
  const ingest = createIngest({
    fieldManagers: [FIELD_MANAGER],
    legacyManagers: LEGACY_MANAGERS,
  });

  const at = (object: KubeObject): ObjectAddress => {
    const resource = catalogue.find(gvkOf(object));
    assert.ok(resource, `${object.apiVersion} ${object.kind} is not served`);
    return {
      resource,
      namespace: resource.namespaced ? (object.metadata.namespace ?? '') : '',
      name: object.metadata.name ?? '',
    };
  };
  const apply: Arbiter['apply'] = (object, { dryRun = false, manager = FIELD_MANAGER } = {}) =>
    client.apply(at(object), object, { fieldManager: manager, force: true, dryRun }, signal);

  const owned = stack.move();
  return {
    client,
    kubectl,
    get catalogue() {
      return catalogue;
    },
    async rediscover() {
      catalogue = await client.discover(signal);
    },
    at,
    apply,
    async live(object) {
      const found = await client.get(at(object), signal);
      assert.ok(found, `${object.kind} ${object.metadata.name} is not there`);
      return ingest(found, 'full');
    },
    async judge(desired, live, options = {}) {
      const local = compareObject(desired, live, { fieldManager: FIELD_MANAGER, ...options });
      if (local.type !== 'different') {
        assert.equal(local.type, 'equal');
        return { type: 'equal', paths: [], suspected: [], certain: true };
      }
      const { paths, certain } = local;
      if (certain) return { type: 'different', paths, suspected: [], certain };
      const predicted = await apply(desired, { dryRun: true });
      const current = await client.get(at(desired), signal);
      assert.ok(current);
      const changed = predictedChanges(predicted, current, FIELD_MANAGER);
      return {
        type: changed.length === 0 ? 'equal' : 'different',
        paths: changed,
        suspected: paths,
        certain,
      };
    },
    async remove(object) {
      const address = at(object);
      const current = await client.get(address, signal);
      if (current?.metadata.finalizers !== undefined)
        await client
          .patch(address, { metadata: { finalizers: null } }, { type: 'merge' }, signal)
          .catch((error: unknown) => {
            if (!hasCode(error, 'KubeNotFound')) throw error; // gone in the meantime
          });
      await client.delete(address, { propagation: 'Background' }, signal);
      if (object.kind === 'Namespace') return; // stays until a controller has emptied it
      for (let attempt = 0; attempt < 200; attempt += 1) {
        const left = await client.get(address, signal);
        if (left === undefined) return;
        await systemClock.sleep(20, signal);
      }
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
