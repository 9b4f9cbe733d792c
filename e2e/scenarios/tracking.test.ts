import { describe, test } from 'node:test';
import { startWorld } from '../language/world.ts';
import { argocdSettings, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(600_000);
const LABEL = 'app.kubernetes.io/instance';
const ANNOTATION = 'argocd.argoproj.io/tracking-id';

describe('objects are marked as argocd-cm says', () => {
  for (const method of ['label', 'annotation', 'annotation+label'])
    test(`by ${method}, and what is gone from Git is found by that mark`, async () => {
      await using world = await startWorld({ signal, operator: false });
      await world.given(
        world.applied(
          argocdSettings(world.namespace, { 'application.resourceTrackingMethod': method }),
        ),
        world.repository('apps', { 'a.yaml': configMap('a', '1'), 'b.yaml': configMap('b', '1') }),
      );
      world.startOperator();
      const app = world.application('marked', {
        repoURL: world.git.urlOf('apps'),
        syncPolicy: true,
      });
      await world.when(app.created());
      await world.thenEventually(
        app.isSynced(),
        app.isHealthy(),
        world.object('configmaps', 'a', app.name).matches('has the mark', ({ metadata }) => {
          const label = metadata.labels?.[LABEL];
          const annotation = metadata.annotations?.[ANNOTATION];
          const wantsLabel = method !== 'annotation';
          const wantsAnnotation = method !== 'label';
          return (
            label === (wantsLabel ? app.name : undefined) &&
            annotation === (wantsAnnotation ? `${app.name}:/ConfigMap:${app.name}/a` : undefined)
          );
        }),
      );
      await world.when(world.pushed('apps', { remove: ['b.yaml'] }), app.refreshed());
      await world.thenEventually(
        app.isSynced(),
        world.object('configmaps', 'b', app.name).isAbsent(),
        world.object('configmaps', 'a', app.name).exists(),
      );
    });
});
