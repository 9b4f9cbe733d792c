import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../../operator/core/errors.ts';
import type { JsonnetVariable } from '../../operator/core/app/types.ts';
import { isJsonArray } from '../../operator/core/objects/json.ts';
import type { KubeObject } from '../../operator/core/objects/kube-object.ts';
import type { GenerateRequest } from '../../operator/ports/generator.ts';
import { mapLimit } from '../../operator/runtime/map-limit.ts';
import { buildEnvironment, substitute } from '../build-environment.ts';
import {
  describeCommand,
  openRunFolder,
  runTool,
  type ToolOptions,
  withoutPaths,
} from '../process/tool.ts';
import type { AskVersion } from '../process/tool-version.ts';
import { parseJson } from '../yaml/parse-documents.ts';
import { toObjects } from '../yaml/parse-manifests.ts';
import { findImports, joinInside } from './jsonnet-imports.ts';

export interface JsonnetOptions extends ToolOptions {
  /** Default `jsonnet`, looked up in `path`. */
  readonly program?: string;
}

export interface JsonnetFile {
  readonly path: string;
  readonly text: string;
}

export interface Evaluated {
  /** Objects of each file, in the order of the files. */
  readonly objects: readonly (readonly KubeObject[])[];
  readonly commands: readonly string[];
}

const PARALLEL = 4;

/** What `jsonnet --version` says. Errors: `ToolMissing`. */
export function jsonnetVersion(
  options: JsonnetOptions,
  remembered: AskVersion,
  signal: AbortSignal,
): Promise<string> {
  const program = options.program ?? 'jsonnet';
  const args = ['--version'];
  const ask = async (): Promise<string> => {
    await using folder = await openRunFolder(options);
    const { dir } = folder;
    const result = await runTool(options, { program, args, cwd: dir, home: dir }, signal);
    return result.stdout.toString('utf8').trim();
  };
  return remembered(program, args, ask, signal);
}

/**
 * Evaluates files with the `jsonnet` program, on a private copy of what they import and nothing else.
 * Each must be an object of Kubernetes or a list of them.
 *
 * Errors: `RenderFailed` with jsonnet's own words, `UnsafePath` for imports and libraries that lead
 * outside, `InvalidSpec`, `InvalidManifest`, `ToolMissing`, `Timeout`, `LimitExceeded`.
 */
export async function evaluateJsonnet(
  options: JsonnetOptions,
  request: GenerateRequest,
  files: readonly JsonnetFile[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<Evaluated> {
  const { tree, path } = request;
  const { extVars = [], tlas = [], libs = [] } = request.source.directory?.jsonnet ?? {};
  const libraries = [path, ...libs.map(libraryFolder)];
  const variables = [
    ...extVars.map((variable) => variableOf('ext', variable, request)),
    ...tlas.map((variable) => variableOf('tla', variable, request)),
  ];
  const code = variables.filter(({ isCode }) => isCode);
  const imports = await findImports(
    tree,
    [
      ...files.map((file) => ({ name: file.path, folder: folderOf(file.path), text: file.text })),
      ...code.map(({ name, value }) => ({ name: `variable ${name}`, folder: '', text: value })),
    ],
    { libraries, maxBytes },
    signal,
  );
  await using written = await tree.materialise(
    [...files.map((file) => file.path), ...imports],
    signal,
  );
  await using run = await openRunFolder(options);
  const home = join(run.dir, 'home');
  await mkdir(home);
  const flags = [
    ...libraries.flatMap((folder) => ['--jpath', join(written.root, folder)]),
    ...variables.flatMap(({ flag, name, value }) => [flag, `${name}=${value}`]),
  ];
  const shown = new Map([[written.root, '.']]);
  const program = options.program ?? 'jsonnet';

  const results = await mapLimit(
    files,
    PARALLEL,
    async (file, stop) => {
      const args = [...flags, '--', file.path];
      const { exitCode, stdout, stderr } = await runTool(
        options,
        { program, args, cwd: written.root, home },
        stop,
      );
      const command = describeCommand(program, args, shown);
      if (exitCode === 0) {
        const value = parseJson(stdout.toString('utf8'), file.path);
        const values = isJsonArray(value) ? value : [value];
        return {
          command,
          objects: values.flatMap((one, index) =>
            toObjects(one, `${file.path}: object ${index + 1}`),
          ),
        };
      }
      const words = withoutPaths(stderr, shown)
        .trim()
        .split('\n')
        .slice(0, 20)
        .join('\n')
        .slice(0, 4_000);
      throw new TiphysError('RenderFailed', `Failed to evaluate jsonnet "${file.path}": ${words}`, {
        hint: `Run at the root of the repository: ${command}`,
        fields: { path: file.path, command },
      });
    },
    signal,
  );
  return {
    objects: results.map(({ objects }) => objects),
    commands: results.map(({ command }) => command),
  };
}

interface Variable {
  readonly flag: string;
  readonly name: string;
  readonly value: string;
  readonly isCode: boolean;
}

function variableOf(
  kind: 'ext' | 'tla',
  variable: JsonnetVariable,
  request: GenerateRequest,
): Variable {
  const { name, code = false } = variable;
  if (name === '' || name.includes('=')) {
    throw new TiphysError(
      'InvalidSpec',
      `spec.source.directory.jsonnet: the variable "${name}" needs a name without "="`,
    );
  }
  const value = substitute(variable.value, buildEnvironment(request));
  return { flag: `--${kind}-${code ? 'code' : 'str'}`, name, value, isCode: code };
}

function libraryFolder(lib: string): string {
  const folder = joinInside('', lib.replace(/^\/+/, ''));
  if (folder !== undefined) return folder;
  throw new TiphysError(
    'UnsafePath',
    `spec.source.directory.jsonnet.libs: ${lib} leads outside the repository`,
  );
}

function folderOf(file: string): string {
  return file.slice(0, Math.max(0, file.lastIndexOf('/')));
}
