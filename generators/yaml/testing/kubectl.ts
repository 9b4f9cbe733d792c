import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { JsonObject } from '../../../operator/core/objects/json.ts';

/** What kubectl made of one file: its objects as they were printed, or why it made none. */
export type KubectlReading =
  | { readonly type: 'objects'; readonly objects: readonly JsonObject[]; readonly raw: string }
  | { readonly type: 'error'; readonly message: string };

export interface Kubectl extends AsyncDisposable {
  /**
   * Reads every file with one `kubectl create --dry-run=client -o json`. Every object in file
   * number N must be a ConfigMap named `fN` or `fN-…`: that is how the answers are told apart.
   */
  read(files: readonly Buffer[], signal: AbortSignal): Promise<readonly KubectlReading[]>;
}

const DISCOVERY: Readonly<Record<string, JsonObject>> = {
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [] },
  '/api/v1': {
    kind: 'APIResourceList',
    groupVersion: 'v1',
    resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true, verbs: ['create'] }],
  },
};

/**
 * kubectl asks a server which kinds there are before it creates one, also on a dry run. It asks this
 * one, which knows ConfigMaps and nothing else. `dir` is an empty folder for the files.
 */
export async function startKubectl(program: string, dir: string): Promise<Kubectl> {
  const server = createServer((request, response) => answer(request.url ?? '', response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let round = 0;
  return {
    async read(files, signal) {
      const folder = join(dir, `round-${(round += 1)}`);
      await mkdir(folder);
      const width = String(files.length).length;
      const nameOf = (index: number) => `${String(index).padStart(width, '0')}.yaml`;
      for (const [index, content] of files.entries()) {
        await writeFile(join(folder, nameOf(index)), content);
      }
      const args = ['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', folder];
      const target = ['--server', `http://127.0.0.1:${port}`];
      const { stdout, stderr } = await run(program, [...target, ...args], dir, signal);
      const objects = objectsByFile(stdout);
      return files.map((_, index): KubectlReading => {
        const line = stderr.split('\n').find((text) => text.includes(`/${nameOf(index)}`));
        if (line !== undefined) return { type: 'error', message: line };
        const printed = objects.get(index) ?? [];
        return {
          type: 'objects',
          objects: printed.map((text) => JSON.parse(text) as JsonObject),
          raw: printed.join('\n'),
        };
      });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(url: string, response: ServerResponse): void {
  const document = DISCOVERY[url.split('?')[0] ?? ''];
  response.writeHead(document === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(document ?? {}));
}

/** kubectl prints one object after the other, each closed by a brace at the beginning of a line. */
function objectsByFile(stdout: string): ReadonlyMap<number, readonly string[]> {
  const found = new Map<number, string[]>();
  for (const text of stdout.split(/(?<=^\}\n)/m)) {
    if (text.trim() === '') continue;
    const { metadata } = JSON.parse(text) as { metadata: { name: string } };
    const file = Number(/^f(\d+)/.exec(metadata.name)?.[1]);
    found.set(file, [...(found.get(file) ?? []), text]);
  }
  return found;
}

async function run(
  program: string,
  args: readonly string[],
  home: string,
  signal: AbortSignal,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const env = { HOME: home, PATH: '', NO_PROXY: '127.0.0.1' };
  const child = spawn(program, args, { env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (chunk: string) => void (output[name] += chunk));
  }
  await once(child, 'close');
  if (/connection refused|couldn't get current server/.test(output.stderr))
    throw new Error(output.stderr);
  return output;
}
