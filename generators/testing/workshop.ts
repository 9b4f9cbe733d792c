import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { resolveTool, type ToolName } from '../../e2e/controlplane/tools.ts';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import type { JsonObject } from '../../operator/core/objects/json.ts';
import { openFolderTree } from '../../operator/git/index.ts';
import type { Generated, GenerateRequest, Generator } from '../../operator/ports/generator.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import { systemClock } from '../../operator/runtime/clock.ts';
import { createLimiter } from '../../operator/runtime/limiter.ts';
import type { ToolOptions } from '../process/tool.ts';

/** What a folder holds, by path. */
export type Files = Readonly<Record<string, string | { readonly linkTo: string }>>;

/** A place on disk where generators run, removed at the end. */
export interface Workshop extends AsyncDisposable {
  readonly tool: ToolOptions;
  /** A folder with these files, for programs that are run by hand. */
  folder(files: Files): Promise<string>;
  tree(files: Files, signal: AbortSignal): Promise<SourceTree>;
  program(name: ToolName, signal: AbortSignal): Promise<string>;
  /** Runs a generator over these files; `path` of the source is the folder. */
  generate(
    generator: Generator,
    files: Files,
    source: Omit<ApplicationSource, 'repoURL'>,
    options: { readonly settings?: JsonObject; readonly request?: Partial<GenerateRequest> },
    signal: AbortSignal,
  ): Promise<Generated>;
  /** What generators have left behind; empty when all is well. */
  left(): Promise<readonly string[]>;
  /** Names beside the folders that this place is made of. */
  strays(): Promise<readonly string[]>;
}

export async function openWorkshop(): Promise<Workshop> {
  const dir = await mkdtemp(join(tmpdir(), 'tiphys-workshop-'));
  const workDir = join(dir, 'run');
  const tool = { workDir, clock: systemClock, limiter: createLimiter(2) };

  async function folder(files: Files): Promise<string> {
    const root = await mkdtemp(join(dir, 'tree-'));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      if (typeof content === 'string') await writeFile(join(root, path), content);
      else await symlink(content.linkTo, join(root, path));
    }
    return root;
  }

  async function tree(files: Files, signal: AbortSignal): Promise<SourceTree> {
    const limits = { maxFiles: 10_000, maxBytes: 100_000_000 };
    return await openFolderTree(await folder(files), { workDir, limits }, signal);
  }

  return {
    tool,
    folder,
    tree,
    program: (name, signal) =>
      resolveTool(name, { env: process.env, log: (line) => console.log(line), signal }),
    async generate(generator, files, fields, { settings = {}, request = {} }, signal) {
      const source = { repoURL: 'https://example.com/r', ...fields };
      return await generator.generate(
        {
          tree: await tree(files, signal),
          path: fields.path === '.' ? '' : (fields.path ?? ''),
          source,
          instance: 'web',
          appName: 'web',
          project: 'default',
          namespace: 'prod',
          revision: '0123456789'.repeat(4),
          kubeVersion: 'v1.36.3',
          apiVersions: ['apps/v1', 'v1'],
          refs: new Map(),
          multipleSources: false,
          settings,
          ...request,
        },
        signal,
      );
    },
    left: () => readdir(workDir).catch(() => []),
    strays: async () =>
      (await readdir(dir)).filter((name) => !/^(?:run|charts|tree-.*)$/.test(name)),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true }),
  };
}
