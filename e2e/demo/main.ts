import { startControlPlane } from '../controlplane/control-plane.ts';
import { createKubectl } from '../controlplane/kubectl.ts';
import { startGitServer } from '../controlplane/git-server.ts';
import { progressToStderr as log } from '../controlplane/tool-cache.ts';
import { resolveTool } from '../controlplane/tools.ts';
import { monotonicMs } from '../controlplane/waiting.ts';
import { met, pending } from '../language/expectation.ts';
import { startWorld } from '../language/world.ts';
import { demoFiles, rootApplication } from './content.ts';

// `make demo`: a control plane of its own, the operator, a Git repository with an app-of-apps.
// DEMO_STAY=1 keeps everything up until Ctrl-C, to look around.

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => stop.abort(new Error(`stopped by ${name}`)));
const { signal } = stop;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const startedMs = monotonicMs();
const seconds = (): string => `${((monotonicMs() - startedMs) / 1000).toFixed(1)} s`;

say('Starting a Kubernetes control plane on this machine (the first time it is built: minutes) …');
await using plane = await startControlPlane({ signal });
say(`${seconds()}  ${plane.server} is ready`);
await using git = await startGitServer({ signal });
const kubectl = await createKubectl(plane.kubeconfigPath, signal);
await using world = await startWorld({ signal, cluster: plane });
say(`${seconds()}  tiphys run --kubeconfig ${plane.kubeconfigPath} --namespace ${world.namespace}`);

const url = await git.createRepository('demo');
await git.commit('demo', { files: demoFiles(url, world.namespace) });
say(`${seconds()}  the Git repository ${url} holds an app-of-apps of three`);
await kubectl.apply(rootApplication(url, world.namespace));
say(`${seconds()}  kubectl apply: Application/root`);

const names = ['root', 'guestbook', 'chart', 'overlay'];
await world.thenWithin(180_000, async (waiting) => {
  const apps = await Promise.all(
    names.map((name) =>
      world.reader.get('applications.argoproj.io', name, world.namespace, waiting),
    ),
  );
  const states = apps.map((app, index) => {
    const status = app?.['status'] as
      | { sync?: { status?: string }; health?: { status?: string } }
      | undefined;
    return `${names[index]} ${status?.sync?.status ?? '-'}/${status?.health?.status ?? '-'}`;
  });
  const done = states.every((state) => state.endsWith(' Synced/Healthy'));
  return done ? met(states.join(', ')) : pending(states.join(', '));
});
say(`${seconds()}  everything is Synced and Healthy:\n`);
say(await kubectl(['get', 'applications', `--namespace=${world.namespace}`, '-o', 'wide']));
if (process.env['DEMO_STAY'] === '1') {
  say('Look further with:');
  say(`  export KUBECONFIG=${plane.kubeconfigPath}`);
  say(`  alias kubectl=${await resolveTool('kubectl', { env: process.env, log, signal })}`);
  say(`  kubectl get applications -n ${world.namespace}`);
  say(`  kubectl get application guestbook -n ${world.namespace} -o yaml`);
  say('  kubectl get all -n demo');
  say('\nThe cluster stays up until Ctrl-C.');
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
} else say('Look further with: DEMO_STAY=1 make demo, which keeps the cluster up and says how.');
