import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Ran, runIn } from './run-in.ts';

const deployment = (replicas: number) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx }] }
`;

export const application = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: shop, namespace: argocd }
spec:
  project: default
  source: { repoURL: https://git.example.com/shop.git, path: app }
  destination: { server: https://kubernetes.default.svc, namespace: shop }
`;

/** A folder with an Application, its repository and states of its cluster, and the command line in it. */
export interface CliFolder extends AsyncDisposable {
  readonly dir: string;
  write(path: string, text: string): Promise<void>;
  cli(
    args: readonly string[],
    stdin?: string,
    env?: Readonly<Record<string, string>>,
  ): Promise<Ran>;
}

export async function createCliFolder(): Promise<CliFolder> {
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-cli-'));
  await write('app.yaml', application);
  await write('repo/app/deployment.yaml', deployment(1).replace(', namespace: shop', ''));
  await write(
    'repo/app/role.yaml',
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: { name: reader }\n',
  );
  await write('live.yaml', deployment(1));
  await write('drifted.yaml', deployment(3));
  return {
    dir,
    write,
    cli: (args, stdin, env) => runIn(dir, args, stdin, env),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };

  async function write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
  }
}
