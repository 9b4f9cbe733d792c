import assert from 'node:assert/strict';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import { hasCode, type TiphysError } from '../../operator/core/errors.ts';
import type { JsonObject } from '../../operator/core/objects/json.ts';
import { openFolderTree } from '../../operator/git/index.ts';
import type { Generated, GenerateRequest } from '../../operator/ports/generator.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import {
  createDirectoryGenerator,
  createGeneratorRegistry,
  createHelmGenerator,
  createKustomizeGenerator,
} from '../index.ts';
import { type Files, openWorkshop } from './workshop.ts';

export interface RenderOptions {
  readonly settings?: Readonly<Record<string, JsonObject>>;
  /** What `$name` stands for: the roots of other repositories. */
  readonly refs?: Readonly<Record<string, Files>>;
  /** Other than those of the Application `web` with one source. */
  readonly request?: Partial<Pick<GenerateRequest, 'appName' | 'instance' | 'multipleSources'>>;
}

/** All generators with real programs; the registry chooses, as for an Application. */
export interface Renderer extends AsyncDisposable {
  /** Renders these files, or those below a folder of this machine. */
  render(
    files: Files | string,
    fields: Omit<ApplicationSource, 'repoURL'>,
    options?: RenderOptions,
  ): Promise<Generated & { readonly type: string }>;
}

/** Disposing fails when a generator has left a private folder behind. */
export async function openRenderer(signal: AbortSignal): Promise<Renderer> {
  const workshop = await openWorkshop();
  const { tool, program, tree } = workshop;
  const [helm, kubectl] = [await program('helm', signal), await program('kubectl', signal)];
  const registry = createGeneratorRegistry([
    createKustomizeGenerator({ ...tool, program: '/nowhere/kustomize', kubectl }),
    createHelmGenerator({ ...tool, program: helm }),
    createDirectoryGenerator(),
  ]);
  const limits = { maxFiles: 10_000, maxBytes: 100_000_000 };
  return {
    async render(files, fields, options = {}) {
      const given = { repoURL: 'https://example.com/r', ...fields };
      const from =
        typeof files === 'string'
          ? await openFolderTree(files, { workDir: tool.workDir, limits }, signal)
          : await tree(files, signal);
      const refs = new Map<string, SourceTree>();
      for (const [name, content] of Object.entries(options.refs ?? {}))
        refs.set(name, await tree(content, signal));
      const path = fields.path === '.' ? '' : (fields.path ?? '');
      const { settings = {} } = options;
      const choice = await registry.select(
        { tree: from, path, source: given, instance: 'web', settings },
        signal,
      );
      const { generator, source } = choice;
      const generated = await generator.generate(
        {
          tree: from,
          path,
          source,
          instance: 'web',
          appName: 'web',
          project: 'default',
          namespace: 'prod',
          revision: '0123456789'.repeat(4),
          kubeVersion: 'v1.36.3+k3s1',
          apiVersions: ['apps/v1', 'v1', 'v1/Pod'],
          refs,
          multipleSources: refs.size > 0,
          settings: settings[generator.name] ?? {},
          ...options.request,
        },
        signal,
      );
      return { ...generated, type: generator.name };
    },
    async [Symbol.asyncDispose]() {
      const left = await workshop.left();
      await workshop[Symbol.asyncDispose]();
      assert.deepEqual(left, [], 'every private folder is removed');
    },
  };
}

export function fails(
  promise: Promise<unknown>,
  code: TiphysError['code'],
  message: RegExp,
): Promise<void> {
  return assert.rejects(promise, (error) => {
    assert.ok(hasCode(error, code), String(error));
    assert.match(error.message, message);
    return true;
  });
}

/** `Kind/name` of each object. */
export const namesOf = ({ objects }: Generated): readonly string[] =>
  objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);

/** An object of that name, and nothing more. */
export const object = (name: string, kind = 'ConfigMap'): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: ${name}\n`;
