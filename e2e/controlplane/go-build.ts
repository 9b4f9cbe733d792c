import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cachedFile, type Progress, runTool } from './tool-cache.ts';
import { MissingToolError } from './waiting.ts';

/** A Go module under `build/` that pins everything it is made from. */
export interface GoProgram {
  /** Folder under `build/`, also the prefix of the file in the cache. */
  readonly name: string;
  /** Absolute path of the module, where it is not under `build/`. */
  readonly folder?: string;
  /** Given: it is built for something else than this machine. */
  readonly env?: Readonly<Record<'GOOS' | 'GOARCH' | 'GOFLAGS', string>>;
  /** What is built, seen from that folder. */
  readonly package: string;
  readonly ldflags: string;
  /** How long a first build takes on two cores, for the person who waits. */
  readonly firstBuild: string;
}

export const KUBE: GoProgram = {
  name: 'kube',
  package: '.',
  ldflags: [
    '-s -w',
    '-X k8s.io/component-base/version.gitVersion=v1.36.3',
    '-X k8s.io/component-base/version.gitMajor=1',
    '-X k8s.io/component-base/version.gitMinor=36',
  ].join(' '),
  firstBuild: 'about 5 minutes',
};

export const KWOK: GoProgram = {
  name: 'kwok',
  package: 'sigs.k8s.io/kwok/cmd/kwok',
  ldflags: '-s -w',
  firstBuild: 'about 1 minute',
};

export const KUSTOMIZE: GoProgram = {
  name: 'kustomize',
  package: 'sigs.k8s.io/kustomize/kustomize/v5',
  ldflags: '-s -w -X sigs.k8s.io/kustomize/api/provenance.version=v5.8.1',
  firstBuild: 'about 20 seconds',
};

/** The version before, for who registers a second one. */
export const KUSTOMIZE_BEFORE: GoProgram = {
  name: 'kustomize-before',
  package: 'sigs.k8s.io/kustomize/kustomize/v5',
  ldflags: '-s -w -X sigs.k8s.io/kustomize/api/provenance.version=v5.7.1',
  firstBuild: 'about 10 seconds',
};

export const JSONNET: GoProgram = {
  name: 'jsonnet',
  package: 'github.com/google/go-jsonnet/cmd/jsonnet',
  ldflags: '-s -w',
  firstBuild: 'about 10 seconds',
};

/** The product's own, for `argocd-cm`'s links. */
export const LINKS: GoProgram = {
  name: 'links',
  folder: join(import.meta.dirname, '../../operator/scripts/links/program'),
  env: { GOOS: 'wasip1', GOARCH: 'wasm', GOFLAGS: '-buildmode=c-shared' },
  package: '.',
  ldflags: '-s -w',
  firstBuild: 'about 30 seconds',
};

export interface BuildOptions {
  readonly cacheDir: string;
  readonly log: Progress;
}

/**
 * Path of the program, built when the cache has none made from exactly these sources, flags and Go
 * version. A machine without Go can still use what another one built into a shared cache.
 *
 * Errors: `MissingToolError` when it has to be built and there is no Go.
 */
export async function goProgram(
  program: GoProgram,
  { cacheDir, log }: BuildOptions,
  signal: AbortSignal,
): Promise<string> {
  const { folder: cwd = join(import.meta.dirname, 'build', program.name) } = program;
  const sources = await hashSources(program, cwd);
  const goVersion = await installedGo(cwd, log, signal);
  if (goVersion === undefined)
    return builtElsewhere(program, cacheDir, `${program.name}-${sources}`);
  return cachedFile(
    {
      path: join(cacheDir, 'bin', `${program.name}-${sources}-${goVersion}`),
      label: `build of ${program.name}`,
      log,
      async make(target, signal) {
        log(`building ${program.name} from Go modules, ${program.firstBuild} the first time`);
        await runTool(
          {
            program: 'go',
            args: [
              'build',
              '-trimpath',
              '-buildvcs=false',
              '-ldflags',
              program.ldflags,
              '-o',
              target,
              program.package,
            ],
            cwd,
            env: { CGO_ENABLED: '0', GOWORK: 'off', ...program.env },
            label: `building ${program.name}`,
            log,
          },
          signal,
        );
      },
    },
    signal,
  );
}

async function hashSources(program: GoProgram, folder: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'main.go']) {
    hash
      .update(`${name}\0`)
      .update(await readFile(join(folder, name)))
      .update('\0');
  }
  const { GOOS = process.platform, GOARCH = process.arch, GOFLAGS = '' } = program.env ?? {};
  hash.update(`${program.package}\0${program.ldflags}\0${GOOS}/${GOARCH}${GOFLAGS}`);
  return hash.digest('hex').slice(0, 16);
}

/** `go1.26.8`; `undefined` when there is no Go. */
async function installedGo(
  cwd: string,
  log: Progress,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const version = await runTool({ program: 'go', args: ['env', 'GOVERSION'], cwd, log }, signal);
    return version.trim().replaceAll(/[^\w.-]/g, '_');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function builtElsewhere(
  program: GoProgram,
  cacheDir: string,
  prefix: string,
): Promise<string> {
  const folder = join(cacheDir, 'bin');
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const match = names.find((name) => new RegExp(`^${prefix}-go[\\d.]+$`).test(name));
  if (match !== undefined) return join(folder, match);
  throw new MissingToolError(
    `${program.name}: cannot be built: there is no Go`,
    'Install Go 1.26 or newer (https://go.dev/dl), or copy a filled TIPHYS_CACHE folder.',
  );
}
