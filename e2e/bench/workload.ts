/** Applications in one repository, each of a ServiceAccount, a ConfigMap, a Service and a Deployment of 0 replicas. */
export interface Workload {
  readonly names: readonly string[];
  files(): Readonly<Record<string, string>>;
  /** The one file that a change of an application touches. */
  change(name: string, value: string): Readonly<Record<string, string>>;
  application(name: string, url: string, controlPlane: string, namespace: string): object;
}

const PAYLOAD = 'a kilobyte of something '.repeat(42).slice(0, 1000);

export function createWorkload(count: number): Workload {
  const names = Array.from({ length: count }, (_, i) => `app-${String(i).padStart(5, '0')}`);
  return {
    names,
    files: () => Object.assign({}, ...names.map((name) => filesOf(name))),
    change: (name, value) => ({ [`${name}/configmap.yaml`]: configMap(name, value) }),
    application: (name, repoURL, controlPlane, namespace) => ({
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name, namespace: controlPlane },
      spec: {
        project: 'default',
        source: { repoURL, path: name, targetRevision: 'main' },
        destination: { server: 'https://kubernetes.default.svc', namespace },
        syncPolicy: { automated: { prune: true, selfHeal: true } },
      },
    }),
  };
}

const configMap = (name: string, value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  value: "${value}"\n  payload: "${PAYLOAD}"\n`;

function filesOf(name: string): Readonly<Record<string, string>> {
  const meta = `metadata:\n  name: ${name}\n`;
  return {
    [`${name}/serviceaccount.yaml`]: `apiVersion: v1\nkind: ServiceAccount\n${meta}`,
    [`${name}/configmap.yaml`]: configMap(name, 'first'),
    [`${name}/service.yaml`]: `apiVersion: v1\nkind: Service\n${meta}spec:\n  clusterIP: None\n  selector: { app: ${name} }\n  ports: [{ port: 80 }]\n`,
    [`${name}/deployment.yaml`]: `apiVersion: apps/v1\nkind: Deployment\n${meta}spec:\n  replicas: 0\n  selector: { matchLabels: { app: ${name} } }\n  template:\n    metadata: { labels: { app: ${name} } }\n    spec:\n      serviceAccountName: ${name}\n      containers: [{ name: web, image: example.invalid/web:1 }]\n`,
  };
}
