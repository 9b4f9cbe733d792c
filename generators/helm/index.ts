import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';
import type { HelmSource } from '../../operator/core/app/types.ts';
import type { Generated, GenerateRequest, Generator } from '../../operator/ports/generator.ts';
import type { Materialised } from '../../operator/ports/source-tree.ts';
import type { SourceReach } from '../../operator/ports/source-repositories.ts';
import { buildEnvironment } from '../build-environment.ts';
import {
  DEFAULT_MAX_OUTPUT_BYTES,
  describeCommand,
  lastWords,
  openRunFolder,
  runTool,
  type ToolOptions,
  withoutPaths,
} from '../process/tool.ts';
import { rememberVersions } from '../process/tool-version.ts';
import { isMeaningful } from '../registry.ts';
import { locateFile, type SourceFile, treeOf } from '../source-file.ts';
import { DEFAULT_YAML_LIMITS } from '../yaml/parse-documents.ts';
import { parseManifests } from '../yaml/parse-manifests.ts';
import { helmArguments, withoutApiVersions } from './arguments.ts';
import { type Dependencies, findDependencies } from './dependencies.ts';
import { checkIndexes } from './index-size.ts';
import { prepareDependencies, type PreparedDependencies } from './dependency-access.ts';
import { resolveValueFiles } from './value-files.ts';

export interface HelmGeneratorOptions extends ToolOptions {
  /** Default `helm`, looked up in `path`. */
  readonly program?: string;
  /** What dependencies may be fetched from with credentials. Without it only what everybody may read. */
  readonly reach?: SourceReach;
  /** Longest index of a Helm repository. Default 1,000,000,000. */
  readonly maxIndexBytes?: number;
}

const DEFAULT_SCHEMES: readonly string[] = ['https', 'http'];
const MISSING_DEPENDENCY = /found in (Chart\.yaml|requirements\.yaml), but missing in charts/;

/**
 * Helm charts, rendered by the `helm` program on a private copy of the chart's folder. Dependencies that
 * are not in `charts/` are fetched into that copy, signed in where the project may read the repository.
 *
 * Settings (`settings.Helm`): `valuesFileSchemes`, URL schemes that values files may have (default
 * https and http). Errors: `RenderFailed` with helm's own words, `PathNotFound`, `UnsafePath`,
 * `InvalidSpec`, `ToolMissing`, `Timeout`, `LimitExceeded`.
 */
export function createHelmGenerator(options: HelmGeneratorOptions): Generator {
  const program = options.program ?? 'helm';
  const remembered = rememberVersions(options);

  return {
    name: 'Helm',
    claims: (source) => isMeaningful(source.helm),
    async detect(tree, path, signal) {
      const entries = await tree.list(path, { recurse: false }, signal);
      return entries.some(({ type, path: file }) => type === 'file' && file.endsWith('Chart.yaml'));
    },
    async version(signal) {
      const args = ['version', '--short'];
      const ask = () => askVersion(options, program, args, signal);
      return `helm ${await remembered(program, args, ask, signal)}`;
    },
    generate: (request, signal) => generate(options, program, request, signal),
  };
}

async function askVersion(
  options: HelmGeneratorOptions,
  program: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  await using folder = await openRunFolder(options);
  const { dir } = folder;
  const result = await runTool(options, { program, args, cwd: dir, home: dir }, signal);
  const version = result.stdout.toString('utf8').trim();
  if (result.exitCode === 0 && version !== '') return version;
  throw new TiphysError('ToolMissing', `${program} version: ${result.stderr.trim()}`);
}

async function generate(
  options: HelmGeneratorOptions,
  program: string,
  request: GenerateRequest,
  signal: AbortSignal,
): Promise<Generated> {
  const variables = buildEnvironment(request);
  const helm = request.source.helm ?? {};
  const schemes = allowedSchemes(request);
  const values = await resolveValueFiles(request, variables, schemes, signal);
  const parameters = (helm.fileParameters ?? []).map((parameter) => ({
    name: parameter.name ?? '',
    file: locateFile(request, parameter.path ?? '', variables, []),
  }));

  await using disk = new AsyncDisposableStack();
  const run = disk.use(await openRunFolder(options));
  const files = [...values, ...parameters.map(({ file }) => file)];
  const dependencies = await findDependencies(request.tree, request.path, signal);
  const roots = await materialiseAll(request, dependencies.folders, files, disk, signal);
  const pathOf = (file: SourceFile) =>
    file.type === 'url' ? file.url : join(roots.get(file.ref) ?? '', file.path);

  const inline = await writeInlineValues(helm, run.dir);
  const args = helmArguments(
    request,
    {
      values: [...values.map(pathOf), ...(inline === undefined ? [] : [inline])],
      fileParameters: parameters.map(({ name, file }) => [name, pathOf(file)]),
    },
    variables,
  );
  const shown = new Map(Array.from(roots, ([ref, root]) => [root, ref === '' ? '.' : `$${ref}`]));
  if (inline !== undefined) {
    shown.set(inline, '<temp file with values from source.helm.values/valuesObject>');
  }
  const command = describeCommand(program, withoutApiVersions(args), shown);
  const home = join(run.dir, 'home');
  await mkdir(home);
  shown.set(home, '~');
  const cwd = join(roots.get('') ?? '', request.path);
  const template = () => runTool(options, { program, args, cwd, home }, signal);
  let result = await template();
  const commands = [command];
  if (result.exitCode !== 0 && MISSING_DEPENDENCY.test(result.stderr)) {
    commands.unshift(
      await buildDependencies(
        options,
        program,
        request,
        { cwd, home, dependencies, shown },
        signal,
      ),
    );
    result = await template();
  }
  if (result.exitCode !== 0) throw failed(request, withoutPaths(result.stderr, shown), command);

  const limits = {
    ...DEFAULT_YAML_LIMITS,
    maxBytes: options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
  };
  const objects = parseManifests(result.stdout.toString('utf8'), {
    file: `output of helm template for ${request.path || '.'}`,
    limits,
  });
  return { objects, readSet: [request.path], commands };
}

/** Fetches what the chart depends on into its private copy. Returns the command line, for people. */
async function buildDependencies(
  options: HelmGeneratorOptions,
  program: string,
  request: GenerateRequest,
  place: {
    readonly cwd: string;
    readonly home: string;
    readonly dependencies: Dependencies;
    readonly shown: ReadonlyMap<string, string>;
  },
  signal: AbortSignal,
): Promise<string> {
  const { cwd, home, dependencies, shown } = place;
  if (dependencies.problem !== undefined) throw dependencies.problem;
  const prepared = await prepareDependencies(home, dependencies, {
    project: request.project,
    reach: options.reach,
    passCredentials: request.source.helm?.passCredentials === true,
  });
  const args = ['dependency', 'build', '.', ...prepared.flags];
  const command = describeCommand(program, args, shown);
  const tool = { ...options, env: { ...options.env, ...prepared.env } };
  const result = await runTool(tool, { program, args, cwd, home }, signal);
  await checkIndexes(home, request.path === '' ? '.' : request.path, options.maxIndexBytes);
  if (result.exitCode === 0) return command;
  // Which repository did not answer is said in the standard output, between other things.
  const why = result.stdout.toString('utf8').match(/^.*Unable to get an update.*\n?.*$/gm) ?? [];
  const text = withoutPaths([...why.map((line) => line.trim()), result.stderr].join('\n'), shown);
  throw notBuilt(request, text, command, prepared);
}

function notBuilt(
  { path, project }: GenerateRequest,
  text: string,
  command: string,
  { secrets, refused }: PreparedDependencies,
): TiphysError {
  let words = text.replace(/(:\/\/)[^/@\s]*@/g, '$1');
  for (const secret of secrets) words = words.replaceAll(secret, '***');
  words = lastWords(words, 10);
  const subject = path === '' ? '.' : path;
  const fields = { path: subject, command };
  if (refused.length > 0) {
    const list = refused.map((url) => url.replace(/(:\/\/)[^/@\s]*@/g, '$1')).join(', ');
    return new TiphysError(
      'NotPermitted',
      `${subject}: helm dependency build failed: ${words}\nhelm repos ${list} are not permitted in project '${project}'`,
      {
        hint: 'Add them to spec.sourceRepos of the AppProject, so that their credentials count.',
        fields,
      },
    );
  }
  return new TiphysError('RenderFailed', `${subject}: helm dependency build failed: ${words}`, {
    hint: 'Register the repository for private charts, or commit the charts/ folder.',
    fields,
  });
}

function allowedSchemes(request: GenerateRequest): readonly string[] {
  const configured = request.settings['valuesFileSchemes'];
  if (!Array.isArray(configured)) return DEFAULT_SCHEMES;
  return configured.map((scheme) => String(scheme).toLowerCase());
}

/** Puts the chart and every named file on disk, one folder for each tree. */
async function materialiseAll(
  request: GenerateRequest,
  folders: readonly string[],
  files: readonly SourceFile[],
  disk: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const paths = new Map<string, string[]>([['', [request.path, ...folders]]]);
  for (const file of files) {
    if (file.type === 'url') continue;
    const known = paths.get(file.ref);
    if (known === undefined) paths.set(file.ref, [file.path]);
    else known.push(file.path);
  }
  const roots = new Map<string, string>();
  for (const [ref, list] of paths) {
    const written: Materialised = await treeOf(request, ref).materialise(list, signal);
    roots.set(ref, disk.use(written).root);
  }
  return roots;
}

/** JSON is YAML, and helm drops a chart's default where a value is null, so nulls stay. */
async function writeInlineValues(helm: HelmSource, dir: string): Promise<string | undefined> {
  const hasObject = helm.valuesObject !== undefined && Object.keys(helm.valuesObject).length > 0;
  const text = hasObject ? JSON.stringify(helm.valuesObject) : (helm.values ?? '');
  if (text === '') return undefined;
  const file = join(dir, 'values.yaml');
  await writeFile(file, text, { mode: 0o600 });
  return file;
}

function failed(request: GenerateRequest, stderr: string, command: string): TiphysError {
  const words = lastWords(stderr, 20);
  const subject = request.path === '' ? '.' : request.path;
  return new TiphysError('RenderFailed', `${subject}: helm template failed: ${words}`, {
    hint: `Run in ${subject}: ${command}`,
    fields: { path: subject, command },
  });
}
