import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CmpServer, pluginYaml, startCmpServer } from '../../e2e/controlplane/cmp-server.ts';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import { TiphysError } from '../../operator/core/errors.ts';
import type { Generated, GenerateRequest } from '../../operator/ports/generator.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import { createPluginGenerator, type PluginGeneratorOptions } from '../plugin/index.ts';
import { type Files, openWorkshop, type Workshop } from './workshop.ts';

/** Must be in no error. */
export const CANARY = 'canary-that-must-not-be-seen';
export const MAP = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"made"}}';
export const FILES: Files = { 'app/a.txt': 'a', 'other/b.txt': 'b' };

type Plugin = ApplicationSource['plugin'];

export interface GenerateWith {
  readonly files?: Files;
  readonly options?: Partial<PluginGeneratorOptions>;
  readonly request?: Partial<GenerateRequest>;
  readonly stop?: AbortSignal;
}

/** Real plugin servers, and a generator that speaks to them. */
export interface PluginBench extends AsyncDisposable {
  readonly shop: Workshop;
  readonly socketDir: string;
  /** For all who need no `plugin.yaml` of their own: it runs the script that it is given. */
  readonly shell: CmpServer;
  /** What names it, with a script. */
  runs(script: string): NonNullable<Plugin>;
  /** A server of its own, until `settle`. */
  serve(
    name: string,
    config: string,
    more?: { readonly args?: readonly string[]; readonly env?: Record<string, string> },
  ): Promise<CmpServer>;
  /** Renders the folder `app`. */
  generate(plugin: Plugin, options?: GenerateWith): Promise<Generated>;
  /** The error of a render; it must name the application, and nothing that is nobody's business. */
  failure(work: Promise<unknown>): Promise<TiphysError>;
  /** Ends the servers of a test; nothing may be left. */
  settle(): Promise<void>;
}

export async function openPluginBench(signal: AbortSignal): Promise<PluginBench> {
  const shop = await openWorkshop();
  const socketDir = await mkdtemp(join(tmpdir(), 'tiphys-sockets-'));
  const config = pluginYaml('shell', 'eval "$ARGOCD_ENV_SCRIPT"');
  const shell = await startCmpServer({ name: 'shell', config, socketDir }, signal);
  const servers: CmpServer[] = [];

  return {
    shop,
    socketDir,
    shell,
    runs: (script) => ({
      name: 'shell',
      env: [{ name: 'SCRIPT', value: script.replaceAll('$', '$$$$') }],
    }),
    async serve(name, yaml, more = {}) {
      const server = await startCmpServer({ name, config: yaml, socketDir, ...more }, signal);
      servers.push(server);
      return server;
    },
    async generate(plugin, { files = FILES, options = {}, request = {}, stop = signal } = {}) {
      const generator = createPluginGenerator({ ...shop.tool, socketDir, ...options });
      return await shop.generate(generator, files, { path: 'app', plugin }, { request }, stop);
    },
    async failure(work) {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof TiphysError, String(error));
      const shown = [error.message, error.hint, JSON.stringify(error.fields)].join('\n');
      assert.ok(!shown.includes(CANARY), shown);
      assert.ok(!shown.includes(tmpdir()), shown);
      assert.match(error.message, /^CMP processing failed for application "web": /);
      return error;
    },
    async settle() {
      for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
      const sockets = await readdir(socketDir);
      assert.deepEqual(sockets, ['shell.sock'], 'a server that ends takes its socket with it');
      assert.deepEqual(await shop.left(), [], 'nothing is left of what was sent');
    },
    async [Symbol.asyncDispose]() {
      await shell[Symbol.asyncDispose]();
      await shop[Symbol.asyncDispose]();
      await rm(socketDir, { recursive: true });
    },
  };
}

/** Returns when the process has ended. */
export async function untilGone(pid: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // One that has ended and was not asked about by its parent is no more than a line in a table.
    if (state === undefined || / Z /.test(state)) return;
    await systemClock.sleep(20, signal);
  }
}
