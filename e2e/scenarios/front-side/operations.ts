import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { TestApplication } from '../../language/application.ts';
import { met, pending } from '../../language/expectation.ts';
import type { World } from '../../language/world.ts';
import { configMap, hangingHook } from '../manifests.ts';

interface Stored {
  readonly operation?: { readonly sync?: { readonly revision?: string } };
  readonly status?: {
    readonly sync?: { readonly revision?: string };
    readonly reconciledAt?: string;
    readonly operationState?: {
      readonly phase: string;
      readonly message?: string;
      readonly finishedAt?: string;
      readonly operation: { readonly info?: unknown };
    };
  };
}

/**
 * What the API server and client of Argo CD go by while an operation runs: it can be terminated as long as `operation` stands in the
 * object, and it is over when that is gone and a comparison is no older than its end.
 */
export function describeOperations(given: () => World, signal: AbortSignal): void {
  describe('operations as the front side follows them', () => {
    const read = async (app: TestApplication) => ((await app.read(signal)) ?? {}) as Stored;
    const sees = (app: TestApplication, what: string, judge: (stored: Stored) => boolean) => {
      return async () => {
        const stored = await read(app);
        return judge(stored) ? met(what) : pending(`not yet: ${what}: ${JSON.stringify(stored)}`);
      };
    };
    const terminated = { status: { operationState: { phase: 'Terminating' } } };
    const isHanging = ({ operation, status }: Stored): boolean =>
      operation !== undefined &&
      /hook batch\/Job\/hang/.test(status?.operationState?.message ?? '');

    test('one that was asked for stands in the object until it ends, and so does an automated one', async () => {
      const world = given();
      const files = {
        'hang.yaml': hangingHook('hang', 'PreSync'),
        'a.yaml': configMap('a', 'one'),
      };
      await world.given(world.repository('followed', files));
      const syncOptions = ['CreateNamespace=true'];
      for (const automated of [undefined, {}]) {
        const app = world.application(automated === undefined ? 'asked' : 'automated', {
          repoURL: world.git.urlOf('followed'),
          syncPolicy: { syncOptions, ...(automated === undefined ? {} : { automated }) },
        });
        await world.when(app.created());
        if (automated === undefined) {
          await world.thenEventually(app.isOutOfSync());
          await world.when(app.synced({ syncOptions }));
        }
        await world.thenEventually(sees(app, 'a hook that hangs, and the operation', isHanging));
        await world.when(app.patched(terminated));
        await world.thenEventually(
          sees(
            app,
            'no operation any more',
            ({ operation, status }) =>
              operation === undefined && status?.operationState?.finishedAt !== undefined,
          ),
          app.operationFailed(/Operation terminated/),
        );
      }
    });

    test('what was asked for while one ran comes after it', async () => {
      const world = given();
      const app = world.application('asked', { repoURL: world.git.urlOf('followed') });
      const first = await world.git.commit('followed', {
        files: { 'b.yaml': configMap('b', '1') },
      });
      const syncOptions = ['CreateNamespace=true'];
      await world.when(app.synced({ syncOptions }));
      await world.thenEventually(sees(app, 'a hook that hangs, and the operation', isHanging));
      const unhooked = { files: { 'b.yaml': configMap('b', '2') }, remove: ['hang.yaml'] };
      const revision = await world.git.commit('followed', unhooked);
      await world.when(app.synced({ syncOptions, revision }));
      await world.thenEventually(
        sees(app, 'both', ({ operation }) => operation?.sync?.revision === revision),
      );
      assert.notEqual(first, revision);
      await world.when(app.patched(terminated));
      await world.thenEventually(world.object('configmaps', 'b', app.name).has('data.value', '2'));
      await world.thenEventually(
        app.operationSucceeded(),
        sees(app, 'no operation any more', ({ operation }) => operation === undefined),
        // Nobody but who asked for the sync has told of that commit.
        app.isSynced(revision),
      );
    });

    // The client waits for a comparison that is not older than the end of the operation.
    test('after each sync, of some objects too, they were compared again', async () => {
      const world = given();
      const app = world.application('asked', { repoURL: world.git.urlOf('followed') });
      const revision = (await read(app)).status?.sync?.revision;
      const resources = [{ kind: 'ConfigMap', name: 'a' }];
      const syncs = [{ revision }, { resources }, { resources, revision }];
      for (const [round, sync] of syncs.entries()) {
        const info = [{ name: 'round', value: String(round) }];
        await new Promise((resolve) => setTimeout(resolve, 1_100)); // times are of seconds
        await world.when(app.patched({ operation: { info, sync } }));
        await world.thenEventually(
          sees(app, `a comparison after ${JSON.stringify(sync)}`, ({ status = {} }) => {
            const { operationState, reconciledAt = '' } = status;
            const isThis = JSON.stringify(operationState?.operation.info) === JSON.stringify(info);
            const finishedAt = operationState?.finishedAt;
            return isThis && finishedAt !== undefined && reconciledAt >= finishedAt;
          }),
        );
      }
    });
  });
}
