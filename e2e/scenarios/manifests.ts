// Manifests as people commit them, for the scenarios.

/** A ConfigMap with one value. */
export const configMap = (name: string, value: string): string => `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:
  value: ${JSON.stringify(value)}
`;

/** A Deployment of one nginx; kwok makes its Pod ready. */
export const deployment = (
  name: string,
  replicas = 1,
  image = 'nginx:1',
): string => `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      app: ${name}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      containers:
        - name: web
          image: ${image}
`;

export const service = (name: string): string => `apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - port: 80
`;

/** A small chart whose ConfigMap shows the values it was rendered with. */
export const chart = (name: string): Readonly<Record<string, string>> => ({
  'Chart.yaml': `apiVersion: v2\nname: ${name}\nversion: 0.1.0\n`,
  'values.yaml': 'value: from the chart\nreplicas: 1\n',
  'values-prod.yaml': 'value: from the production file\n',
  'templates/configmap.yaml': `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-config
data:
  value: {{ .Values.value | quote }}
  namespace: {{ .Release.Namespace }}
`,
  'templates/deployment.yaml': deployment('{{ .Release.Name }}').replace(
    'replicas: 1',
    'replicas: {{ .Values.replicas }}',
  ),
});

/** A kustomization with an overlay that reads a base outside its own folder. */
export const kustomization = (): Readonly<Record<string, string>> => ({
  'base/kustomization.yaml': 'resources:\n  - deployment.yaml\n  - configmap.yaml\n',
  'base/deployment.yaml': deployment('web'),
  'base/configmap.yaml': configMap('settings', 'from the base'),
  'overlay/kustomization.yaml': 'resources:\n  - ../base\n',
});

/** Files under a folder. */
export const under = (
  folder: string,
  files: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));

/** The manifest with these annotations; its own ones, if any, are on one line as JSON. */
export const annotated = (
  manifest: string,
  annotations: Readonly<Record<string, string>>,
): string => {
  // A hook has some already: they are one map.
  const line = /^ {2}annotations: (\{.*\})\n/m.exec(manifest);
  const known = line === null ? {} : (JSON.parse(line[1] ?? '{}') as Record<string, string>);
  return manifest
    .replace(line?.[0] ?? '', '')
    .replace(
      'metadata:\n',
      `metadata:\n  annotations: ${JSON.stringify({ ...known, ...annotations })}\n`,
    );
};

/** The manifest in that wave. */
export const inWave = (wave: number, manifest: string): string =>
  annotated(manifest, { 'argocd.argoproj.io/sync-wave': String(wave) });

/** The Job or Deployment with Pods that live as that stage says (`controlplane/stages.ts`). */
export const staged = (manifest: string, stage: string): string =>
  manifest.replace(
    /template:\n {4}(metadata:\n)?/,
    (_, metadata: string | undefined) =>
      `template:\n    metadata:\n      annotations: { tiphys.dev/stage: ${stage} }\n${metadata === undefined ? '    ' : ''}`,
  );

/** A Job that is a hook; kwok lets it succeed. One that fails is not tried again. */
export const hookJob = (name: string, phase: string): string =>
  annotated(
    `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: main, image: busybox }]
`,
    { 'argocd.argoproj.io/hook': phase },
  );

/** A hook that never ends. */
export const hangingHook = (
  name: string,
  phase: string,
  annotations: Readonly<Record<string, string>> = {},
): string => annotated(staged(hookJob(name, phase), 'hang'), annotations);

/** A hook whose name tells phase, commit and operation, so that its runs can be counted. */
export const generatedHook = (phase: string): string =>
  hookJob('NAME', phase).replace('name: NAME', `generateName: ${phase.toLowerCase()}-`);

/** A ConfigMap with settings of a control plane, such as `argocd-rbac-cm`. */
export const settingsMap = (
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels: PART_OF },
  data,
});

/** The ConfigMap `argocd-cm` of a control plane. */
export const argocdSettings = (namespace: string, data: Readonly<Record<string, string>>): object =>
  settingsMap(namespace, 'argocd-cm', data);

/** Its `argocd-rbac-cm`: everybody, also without a token, may do what these lines say of `role:somebody`. */
export const everybodyMay = (namespace: string, ...lines: readonly string[]): object =>
  settingsMap(namespace, 'argocd-rbac-cm', {
    'policy.default': 'role:somebody',
    'policy.csv': lines.join('\n'),
  });

/** An AppProject that permits every repository and every namespace, unless the spec says otherwise. */
export const appProject = (namespace: string, name: string, spec: object = {}): ProjectObject => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name, namespace },
  spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: '*' }], ...spec },
});

interface ProjectObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
}

/** A Secret that registers something, by its label: a repository, credentials, a cluster. */
export const registration = (
  namespace: string,
  name: string,
  type: string,
  stringData: Readonly<Record<string, string>>,
): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace, labels: { 'argocd.argoproj.io/secret-type': type } },
  stringData,
});

/** Its Secret `argocd-secret`. */
export const argocdSecret = (
  namespace: string,
  stringData: Readonly<Record<string, string>>,
): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'argocd-secret', namespace, labels: PART_OF },
  stringData,
});

const PART_OF = { 'app.kubernetes.io/part-of': 'argocd' };
