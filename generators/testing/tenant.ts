import assert from 'node:assert/strict';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationSource } from '../../operator/core/app/types.ts';
import { hasCode, type TiphysError } from '../../operator/core/errors.ts';
import { createManifestSource } from '../../operator/engine/manifests/index.ts';
import { createFolderRepositories, openFolderTree } from '../../operator/git/index.ts';
import type { GeneratorSettings } from '../../operator/ports/generator.ts';
import type { Manifests } from '../../operator/ports/manifest-source.ts';
import type { AccessLookup } from '../../operator/ports/source-repositories.ts';
import {
  createChartRepositories,
  createDirectoryGenerator,
  createGeneratorRegistry,
  createHelmGenerator,
  createKustomizeGenerator,
  type ToolOptions,
} from '../index.ts';
import type { Files, Workshop } from './workshop.ts';

/** Everything between the repository of somebody whom nobody trusts and its objects. */
export interface Tenant {
  render(
    files: Files,
    source: Omit<ApplicationSource, 'repoURL'> & { readonly repoURL?: string },
  ): Promise<Manifests>;
  /** Processes and private folders of renders that are still there. */
  left(): Promise<readonly string[]>;
}

export interface TenantOptions {
  readonly settings?: GeneratorSettings;
  readonly access: AccessLookup;
  readonly tool?: Partial<ToolOptions>;
}

export async function openTenant(
  workshop: Workshop,
  { settings = {}, access, tool: changes = {} }: TenantOptions,
  signal: AbortSignal,
): Promise<Tenant> {
  const tool: ToolOptions = { ...workshop.tool, ...changes };
  const { workDir, clock } = tool;
  const limits = { maxFiles: 10_000, maxBytes: 100_000_000 };
  const helm = await workshop.program('helm', signal);
  const generators = createGeneratorRegistry([
    createKustomizeGenerator({ ...tool, program: await workshop.program('kustomize', signal) }),
    createHelmGenerator({ ...tool, program: helm }),
    createDirectoryGenerator({
      jsonnet: { ...tool, program: await workshop.program('jsonnet', signal) },
      jinja: tool,
    }),
  ]);
  const charts = createChartRepositories({
    ...tool,
    program: helm,
    dir: join(workDir, '..', 'charts'),
    access,
    openFolder: (dir, stop) => openFolderTree(dir, { workDir, limits }, stop),
  });
  return {
    async render(files, fields) {
      const source = { repoURL: 'https://git.example/tenant', ...fields };
      const manifests = createManifestSource({
        repositories: createFolderRepositories(await workshop.folder(files), { workDir, limits }),
        charts,
        generators,
        settings: () => settings,
        limits: { maxCacheBytes: 1_000_000, failureMs: 0 },
        clock,
      });
      return await manifests.manifests(
        {
          sources: [source],
          revisions: [''],
          instance: 'tenant',
          appName: 'tenant',
          project: 'tenants',
          namespace: 'tenant',
          kubeVersion: 'v1.36.3',
          apiVersions: ['v1'],
          freshRevisions: false,
          freshManifests: false,
        },
        signal,
      );
    },
    left: async () => [...(await workshop.left()), ...processesIn(join(workDir, '..'))],
  };
}

/** Asserts that a render fails so, and shows neither this machine nor what `hidden` holds. */
export async function refuses(
  promise: Promise<unknown>,
  code: TiphysError['code'],
  message: RegExp,
  hidden: readonly string[] = [],
): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(hasCode(error, code), String(error));
    assert.match(error.message, message);
    assert.ok(error.message.length < 20_000, 'a message that can be read');
    const shown = `${error.message} ${error.hint} ${JSON.stringify(error.fields)}`;
    for (const secret of ['tiphys-workshop', 'root:x:0', ...hidden]) {
      assert.ok(!shown.includes(secret), `shows ${secret}: ${shown}`);
    }
    return true;
  });
}

/** Running programs that work in a folder. */
function processesIn(dir: string): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const isOurs = readlinkSync(`/proc/${pid}/cwd`).startsWith(dir);
        return isOurs ? [`process ${readFileSync(`/proc/${pid}/cmdline`, 'utf8')}`] : [];
      } catch {
        return []; // it ended meanwhile, or is somebody else's
      }
    });
}
