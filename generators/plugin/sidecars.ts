import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_MAX_OUTPUT_BYTES, type ToolOptions } from '../process/tool.ts';
import { DEFAULT_YAML_LIMITS } from '../yaml/parse-documents.ts';
import { TiphysError } from '../../operator/core/errors.ts';
import type { PluginCall, PluginClient } from './client.ts';
import { toManifests } from './manifests.ts';
import type { Plugin, PluginJob } from './plugin.ts';

const SUFFIX = '.sock';
const DEFAULT_TIMEOUT_MS = 90_000;

/** The plugins whose sockets are in a folder, in order of their names; none when there is no folder. */
export async function listSidecars(dir: string, options: ToolOptions): Promise<readonly Plugin[]> {
  const names = await readdir(dir).catch(() => []); // made by the sidecars, when there are any
  const sidecars: Plugin[] = [];
  for (const file of names.filter((name) => name.endsWith(SUFFIX)).sort()) {
    const socket = join(dir, file);
    const found = await stat(socket).catch(() => undefined); // went away meanwhile
    if (found?.isSocket() !== true) continue;
    const name = file.slice(0, -SUFFIX.length);
    // A sidecar that starts anew, perhaps as another version, makes its socket anew.
    const identity = `${name} ${found.ino} ${found.ctimeMs}`;
    sidecars.push(sidecar({ name, identity, socket }, options));
  }
  return sidecars;
}

function sidecar(
  at: { readonly name: string; readonly identity: string; readonly socket: string },
  options: ToolOptions,
): Plugin {
  const { name, identity, socket } = at;
  const { clock, limiter, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const maxAnswerBytes = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;

  async function connected<T>(work: (client: PluginClient) => Promise<T>): Promise<T> {
    const { connectPlugin } = await import('./client.ts'); // grpc, which most never need
    using client = connectPlugin({ name, socket, timeoutMs, maxAnswerBytes, clock });
    return await work(client);
  }

  /** The source is sent to it, which costs about as much as a program that runs here. */
  async function sent<T>(
    job: PluginJob,
    signal: AbortSignal,
    work: (client: PluginClient, call: PluginCall) => Promise<T>,
  ): Promise<T> {
    const { appName, pathInCopy: path, env } = job;
    return await limiter.run(signal, async () => {
      const archive = await job.copy.archive(signal);
      return await connected((client) => work(client, { appName, path, env, archive }));
    });
  }

  return {
    name,
    identity,
    async check(signal) {
      const answer = await connected((client) => client.check(signal));
      return {
        discovers: answer.isDiscoveryConfigured,
        wantsCredentials: answer.provideGitCreds,
      };
    },
    async matches(job, signal) {
      const answer = await sent(job, signal, (client, call) => client.match(call, signal));
      return answer.isSupported;
    },
    async generate(job, signal) {
      const { manifests } = await sent(job, signal, (client, call) =>
        client.generate(call, signal),
      );
      return readManifests(name, manifests, maxAnswerBytes);
    },
    async announce(job, signal) {
      const answer = await sent(job, signal, (client, call) => client.announce(call, signal));
      return answer.parameterAnnouncements;
    },
  };
}

function readManifests(name: string, manifests: readonly string[], maxBytes: number) {
  const { maxDocuments } = DEFAULT_YAML_LIMITS;
  if (manifests.length > maxDocuments) {
    throw new TiphysError('LimitExceeded', `plugin ${name}: more than ${maxDocuments} manifests`);
  }
  const limits = { ...DEFAULT_YAML_LIMITS, maxBytes };
  return manifests.flatMap((text, index) =>
    toManifests(text, `plugin ${name}: manifest ${index + 1}`, limits),
  );
}
