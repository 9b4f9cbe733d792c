import {
  chart,
  configMap,
  deployment,
  kustomization,
  service,
  under,
} from '../scenarios/manifests.ts';

interface ChildOptions {
  readonly url: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly wave: number;
  readonly source?: object;
}

/** An Application as people commit it. */
function child({ url, namespace, name, path, wave, source = {} }: ChildOptions): string {
  return JSON.stringify(
    {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name,
        namespace,
        annotations: { 'argocd.argoproj.io/sync-wave': String(wave) },
        finalizers: ['resources-finalizer.argocd.argoproj.io'],
      },
      spec: {
        project: 'default',
        source: { repoURL: url, path, targetRevision: 'main', ...source },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'demo' },
        syncPolicy: {
          automated: { prune: true, selfHeal: true },
          syncOptions: ['CreateNamespace=true'],
        },
      },
    },
    null,
    2,
  );
}

/** The demo's repository: three applications, each from another kind of source, and the one above them. */
export function demoFiles(url: string, namespace: string): Readonly<Record<string, string>> {
  const helm = { helm: { releaseName: 'chart', valueFiles: ['values-prod.yaml'] } };
  const kustomize = { kustomize: { namePrefix: 'overlay-' } };
  return {
    ...under('guestbook', {
      'deployment.yaml': deployment('guestbook', 2),
      'service.yaml': service('guestbook'),
      'settings.yaml': configMap('guestbook', 'hello'),
    }),
    ...under('chart', chart('chart')),
    ...under('kustomize', kustomization()),
    'apps/guestbook.json': child({ url, namespace, name: 'guestbook', path: 'guestbook', wave: 0 }),
    'apps/chart.json': child({
      url,
      namespace,
      name: 'chart',
      path: 'chart',
      wave: 1,
      source: helm,
    }),
    'apps/overlay.json': child({
      url,
      namespace,
      name: 'overlay',
      path: 'kustomize/overlay',
      wave: 1,
      source: kustomize,
    }),
  };
}

/** The Application that deploys the others. */
export function rootApplication(url: string, namespace: string): object {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'root', namespace },
    spec: {
      project: 'default',
      source: { repoURL: url, path: 'apps', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  };
}
