import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { type ApiClient } from '../../language/api-client.ts';
import { eventually, met, pending } from '../../language/expectation.ts';
import { adminPassword, signIn } from '../../language/sign-in.ts';
import type { World } from '../../language/world.ts';
import { settingsMap } from '../manifests.ts';

interface Given {
  readonly world: World;
  readonly api: ApiClient;
  /** Synced, with a Deployment `front` whose container is `web`. */
  readonly app: string;
}

/** Something that goes on until somebody ends it. */
interface Lasting {
  /** What it said last, once it ends. */
  readonly ended: Promise<string>;
  leave(): void;
}

/** Everything that lasts: streams in both forms, a log that is downloaded while it grows, a terminal. */
export function describeLasting(given: () => Given, signal: AbortSignal): void {
  describe('everything that lasts', () => {
    let token: string;
    let pod: string;

    const settings = (name: string, data: Readonly<Record<string, string>>) =>
      given().world.applied(settingsMap(given().world.namespace, name, data));
    const accounts = (isEnabled: boolean) =>
      settings('argocd-cm', {
        ...{ 'exec.enabled': 'true', 'exec.shells': 'sh' },
        ...{ 'accounts.eve': 'login', 'accounts.eve.enabled': String(isEnabled) },
      });

    before(async () => {
      const { world, api, app } = given();
      const rights = ['applications, get', 'logs, get', 'exec, create'];
      const policies = rights.map((right) => `p, eve, ${right}, */*, allow`);
      await world.given(
        accounts(true),
        settings('argocd-rbac-cm', { 'policy.csv': policies.join('\n') }),
      );
      const admin = await signIn(api, world);
      const currentPassword = await adminPassword(world);
      await eventually(
        async () => {
          const { status, text } = await api.request('/api/v1/account/password', {
            ...{ method: 'PUT', token: admin },
            body: { name: 'eve', newPassword: 'first-pass', currentPassword },
          });
          return status === 200 ? met('a password') : pending(text);
        },
        { withinMs: 20_000, signal },
      );
      const tree = await api.request(`/api/v1/applications/${app}/resource-tree?kind=Pod`, {
        token: admin,
      });
      const { nodes } = tree.json as { nodes: { name: string }[] };
      pod = nodes.find(({ name }) => name.startsWith('front-'))?.name ?? '';
      token = await signIn(api, world, { username: 'eve', password: 'first-pass' });
    });

    const JSON_LINES = '*/*';
    const EVENTS = 'text/event-stream';

    /** Resolves once it has said something. */
    async function follow(path: string, accept: string): Promise<Lasting> {
      const stop = new AbortController();
      const response = await fetch(`${given().api.url}/api/v1${path}`, {
        headers: { authorization: `Bearer ${token}`, accept },
        signal: AbortSignal.any([signal, stop.signal]),
      });
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
      const first = await reader?.read();
      assert.ok(response.status === 200 && first?.done === false, `${path}: ${response.status}`);
      const last = async () => {
        for (let seen = first.value; ; ) {
          const part = await reader?.read().catch(() => undefined); // a file is cut off
          if (part === undefined || part.done) return seen.trimEnd().split('\n').at(-1) ?? '';
          seen += part.value;
        }
      };
      return { ended: last(), leave: () => stop.abort() };
    }

    async function terminal(): Promise<Lasting> {
      const { world, api, app } = given();
      const query = new URLSearchParams({
        ...{ pod, container: 'web', namespace: world.name('logs') },
        ...{ appName: app, appNamespace: world.namespace, projectName: 'default' },
      });
      const url = `${api.url.replace(/^http/, 'ws')}/terminal?${query}`;
      const headers = { cookie: `argocd.token=${token}` };
      const socket = new WebSocket(url, { headers, rejectUnauthorized: false });
      socket.on('error', () => {}); // told by its end
      const closed = once(socket, 'close');
      await once(socket, 'message', { signal });
      return {
        ended: closed.then(([code, why]) => `${String(code)} ${String(why)}`),
        leave: () => socket.terminate(),
      };
    }

    const kinds = (): Readonly<Record<string, () => Promise<Lasting>>> => {
      const { app } = given();
      const tree = `/stream/applications/${app}/resource-tree`;
      const log = `/applications/${app}/logs?podName=${pod}&container=web&follow=true&tailLines=1`;
      return {
        'Applications, lines': () => follow('/stream/applications', JSON_LINES),
        'Applications, events': () => follow('/stream/applications', EVENTS),
        'a tree, lines': () => follow(tree, JSON_LINES),
        'a tree, events': () => follow(tree, EVENTS),
        'a log, lines': () => follow(log, JSON_LINES),
        'a log, events': () => follow(log, EVENTS),
        'a log as a file': () => follow(`${log}&download=true`, JSON_LINES),
        'a terminal': terminal,
      };
    };

    test('leaves nothing open in the server when the client leaves', async () => {
      const { world } = given();
      const openFiles = async () => (await readdir(`/proc/${world.operatorPid() ?? 0}/fd`)).length;
      const TIMES = 5;
      const starts = Object.values(kinds()).flatMap((start) =>
        Array<typeof start>(TIMES).fill(start),
      );
      // One after the other: at once, the client itself opens more connections than it uses.
      const open = async (): Promise<readonly Lasting[]> => {
        const all: Lasting[] = [];
        for (const start of starts) all.push(await start());
        return all;
      };
      const leave = async (all: readonly Lasting[]): Promise<void> => {
        for (const one of all) one.leave();
        await Promise.all(all.map(({ ended }) => ended));
      };
      const requestsOver = async (): Promise<number> => {
        const lines = (await world.operatorLog()).split('\n');
        return lines.filter((line) => line.includes('"subject":"eve"')).length;
      };
      await leave(await open()); // connections to the cluster that stay are there now
      /** As it is once nothing of what was left is being closed any more. */
      const settled = async (atMost: number): Promise<number> => {
        let [last, times] = [Number.POSITIVE_INFINITY, 0];
        await eventually(
          async () => {
            const now = await openFiles();
            times = now === last ? times + 1 : 0;
            last = now;
            return times >= 4 && now <= atMost ? met(String(now)) : pending(`${now} of ${atMost}`);
          },
          { withinMs: 30_000, everyMs: 500, signal },
        );
        return last;
      };
      const before = await settled(Number.POSITIVE_INFINITY);
      const all = await open();
      const during = await openFiles();
      assert.ok(during >= before + starts.length, `${before} files, ${during} with all open`);
      const overBefore = await requestsOver();
      await leave(all);
      await settled(before + 4);
      // A terminal is no request that is logged when it is over.
      assert.equal((await requestsOver()) - overBefore, starts.length - TIMES);
    });

    test('ends within seconds with its session, and says so where there is a place for it', async () => {
      const { world } = given();
      const open = await Promise.all(
        Object.entries(kinds()).map(async ([kind, start]) => [kind, await start()] as const),
      );
      await world.given(accounts(false));
      const said = new Map<string, string>();
      await Promise.all(open.map(async ([kind, { ended }]) => said.set(kind, await ended)));
      for (const [kind, last] of said) {
        if (kind.endsWith('lines')) assert.match(last, /^\{"error":\{"grpc_code":16,/, kind);
        if (kind.endsWith('events')) assert.match(last, /^data: \{"error":\{"grpc_code":16,/, kind);
      }
      assert.match(said.get('a terminal') ?? '', /^1008 /);
      assert.equal(said.size, open.length);
    });
  });
}
