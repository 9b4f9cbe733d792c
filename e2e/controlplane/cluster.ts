import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Binaries, type Component, COMPONENTS } from './binaries.ts';
import { COMPONENT_FLAGS, type Layout } from './components.ts';
import type { KubeRequester } from './kube-request.ts';
import type { Supervised } from './supervised.ts';
import { sleep } from './waiting.ts';

/** The order of a start, and what each step waits for. */
export class Cluster {
  readonly #layout: Layout;
  readonly #binaries: Binaries;
  readonly #supervised: Supervised;
  readonly #logs: string;

  constructor(layout: Layout, binaries: Binaries, supervised: Supervised, logs: string) {
    this.#layout = layout;
    this.#binaries = binaries;
    this.#supervised = supervised;
    this.#logs = logs;
  }

  start(component: Component): void {
    const [program, ...first] = this.#binaries[component];
    this.#supervised.start({
      name: component,
      program,
      args: [...first, ...COMPONENT_FLAGS[component](this.#layout)],
      logFile: join(this.#logs, `${component}.log`),
      // It runs the commands that are run in Pods.
      ...(component === 'kwok' && { env: { PATH: process.env['PATH'] ?? '' } }),
    });
  }

  /** etcd first: an API server that finds none waits a whole second before it looks again. */
  async startStore(signal: AbortSignal): Promise<void> {
    this.start('etcd');
    await this.#until(() => accepts(this.#layout.etcdPort), 'etcd accepts connections', signal);
    this.start('kube-apiserver');
  }

  /** The API server writes its certificate, followed by the authority that signed it. */
  async certificateAuthority(signal: AbortSignal): Promise<string> {
    const path = join(this.#layout.certDir, 'apiserver.crt');
    const read = async () => {
      const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      });
      return text.match(/-----BEGIN CERTIFICATE-----[^]+?-----END CERTIFICATE-----\n/g)?.[1];
    };
    return await this.#until(read, 'the API server has a certificate', signal);
  }

  async untilReady(api: KubeRequester, signal: AbortSignal): Promise<void> {
    await this.#until(
      async () => (await api.get('/readyz', signal)) === 'ok',
      'the API server is ready',
      signal,
    );
  }

  /** The others, and with kwok the node, until Pods can be made and will run. */
  async startRest(
    wanted: readonly Component[],
    api: KubeRequester,
    signal: AbortSignal,
  ): Promise<void> {
    for (const component of wanted) {
      if (component !== 'etcd' && component !== 'kube-apiserver') this.start(component);
    }
    if (wanted.includes('kwok')) {
      await api.create('/api/v1/nodes', NODE, signal);
      await this.#until(
        async () => isReadyNode(await api.get('/api/v1/nodes/node-1', signal)),
        'the node is ready',
        signal,
      );
    }
    if (wanted.includes('kube-controller-manager')) {
      const account = '/api/v1/namespaces/default/serviceaccounts/default';
      await this.#until(
        async () => (await api.get(account, signal)) !== undefined,
        'the controller manager works',
        signal,
      );
    }
  }

  /** Polls until the answer is neither `undefined` nor `false`; gives up when a component ended. */
  async #until<T>(
    ask: () => Promise<T | undefined | false>,
    what: string,
    signal: AbortSignal,
  ): Promise<T> {
    for (;;) {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      for (const component of COMPONENTS) {
        const how = this.#supervised.endedBy(component);
        if (how !== undefined) throw await this.#ended(component, how);
      }
      await sleep(30, signal).catch((reason: unknown) => {
        if ((reason as Error).name !== 'TimeoutError') throw reason;
        const message = `control plane: still waiting until ${what}; the logs are in ${this.#logs}`;
        throw new Error(message, { cause: reason });
      });
    }
  }

  async #ended(component: Component, how: string): Promise<Error> {
    const log = await readFile(join(this.#logs, `${component}.log`), 'utf8');
    const lastLines = log.trimEnd().split('\n').slice(-15).join('\n');
    return new Error(`${component} ended early (${how}):\n${lastLines}`);
  }
}

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'node-1',
    labels: { 'kubernetes.io/hostname': 'node-1', 'kubernetes.io/os': 'linux' },
  },
};

function isReadyNode(node: unknown): boolean {
  const { status } = (node ?? {}) as {
    status?: { conditions?: { type: string; status: string }[] };
  };
  return status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** Compacts etcd up to its newest revision, through its JSON gateway. */
export async function compactHistory(etcdPort: number): Promise<void> {
  const post = async (path: string, body: object) => {
    const answer = await fetch(`http://127.0.0.1:${etcdPort}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as { readonly header: { readonly revision: string } };
  };
  const { header } = await post('/v3/kv/range', { key: Buffer.from('none').toString('base64') });
  await post('/v3/kv/compaction', { revision: header.revision, physical: true });
}
