import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { TiphysError } from '../../../operator/core/errors.ts';
import type { GenerateRequest } from '../../../operator/ports/generator.ts';
import { openRunFolder, runTool, type ToolOptions } from '../../process/tool.ts';
import { joinInside } from '../jsonnet-imports.ts';
import { decodeText } from '../../yaml/parse-documents.ts';
import type { TemplateJob } from './protocol.ts';
import { templateValues } from './values.ts';

export interface JinjaOptions extends ToolOptions {
  /** Memory of the process that renders. Default 128 MiB. */
  readonly maxHeapMiB?: number;
  /** Longest time for all templates of an application. Default 10 s. */
  readonly timeoutMs?: number;
}

const TEMPLATE = /\.(?:j2|jinja2?)$/;
const MAX_TEMPLATES = 2_000;

/** The name of the file that a template makes: without `.j2`, `.jinja` or `.jinja2`. */
export function withoutTemplateEnding(path: string): string {
  return path.replace(TEMPLATE, '');
}

/** Templates whose name begins with `_` are there to be included. */
export function isPartial(path: string): boolean {
  return path.slice(path.lastIndexOf('/') + 1).startsWith('_');
}

/** Identifies the program. */
export function nunjucksVersion(): string {
  const { version } = createRequire(nunjucksPath())('./package.json') as { version: string };
  return `nunjucks ${version}`;
}

/**
 * Renders templates in a process of their own, which has neither files nor processes nor credentials, and
 * is bounded in memory, time and output. Any template of the application's folder and of `libs`
 * may be included. The texts come in the order of `paths`.
 *
 * Errors: `RenderFailed` with file and line, `LimitExceeded`, `Timeout`, and those of the values.
 */
export async function renderTemplates(
  options: JinjaOptions,
  request: GenerateRequest,
  paths: readonly string[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const jinja = request.source.directory?.jinja ?? {};
  const folders = [request.path, ...(jinja.libs ?? []).map(libraryFolder)];
  const job: TemplateJob = {
    templates: await readTemplates(request, folders, paths, maxBytes, signal),
    render: paths,
    folders,
    values: await templateValues(request, jinja, maxBytes, signal),
  };
  const answer = await runProcess(options, request, job, maxBytes, signal);
  return paths.map((path, index) => {
    const result = answer[index];
    if (result?.text !== undefined) return result.text;
    throw new TiphysError('RenderFailed', readError(path, result?.error ?? 'no answer'), {
      hint: 'Templates see the values of spec.source.directory.jinja and nothing else.',
      fields: { path },
    });
  });
}

async function readTemplates(
  { tree, path }: GenerateRequest,
  folders: readonly string[],
  wanted: readonly string[],
  maxBytes: number,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const names = new Set(wanted);
  for (const folder of folders) {
    if (folder !== path && (await tree.resolve(folder, signal))?.type !== 'directory') continue;
    for (const entry of await tree.list(folder, { recurse: true }, signal)) {
      if (!TEMPLATE.test(entry.path)) continue;
      if (entry.type === 'file') names.add(entry.path);
      // A link that leads outside is told when somebody renders it.
    }
  }
  const templates = new Map<string, string>();
  let bytes = 0;
  for (const name of names) {
    const content = await tree.read(name, { maxBytes }, signal);
    bytes += content.length;
    if (templates.size >= MAX_TEMPLATES || bytes > maxBytes) {
      throw new TiphysError(
        'LimitExceeded',
        `${path || '.'}: more than ${MAX_TEMPLATES} templates or ${maxBytes} bytes of them`,
      );
    }
    templates.set(name, decodeText(content));
  }
  return Object.fromEntries(templates);
}

const resultSchema = z.array(
  z.object({ text: z.optional(z.string()), error: z.optional(z.string()) }),
);
type Result = z.infer<typeof resultSchema>[number];

async function runProcess(
  options: JinjaOptions,
  { path }: GenerateRequest,
  job: TemplateJob,
  maxBytes: number,
  signal: AbortSignal,
): Promise<readonly Result[]> {
  await using run = await openRunFolder(options);
  const { maxHeapMiB = 128, timeoutMs = 10_000 } = options;
  const shown = path === '' ? '.' : path;
  const args = [...processFlags(maxHeapMiB), PROGRAM, nunjucksPath()];
  // Texts grow by at most six when they are written as JSON.
  const limits = { timeoutMs, maxOutputBytes: maxBytes * 6 + 1_000_000 };
  try {
    const { exitCode, stdout, stderr } = await runTool(
      { ...options, ...limits },
      { program: execPath, args, cwd: run.dir, home: run.dir, stdin: JSON.stringify(job) },
      signal,
    );
    if (exitCode === 0) return resultSchema.parse(JSON.parse(stdout.toString('utf8')));
    throw isOutOfMemory(stderr)
      ? tooMuchMemory(shown, maxHeapMiB)
      : new TiphysError('RenderFailed', `${shown}: the templates could not be rendered`);
  } catch (error) {
    if (!(error instanceof TiphysError)) throw error;
    if (error.code === 'Timeout') {
      throw new TiphysError('Timeout', `${shown}: templates took longer than ${timeoutMs} ms`);
    }
    if (error.code === 'LimitExceeded') {
      throw new TiphysError(
        'LimitExceeded',
        `${shown}: templates make more than ${maxBytes} bytes`,
      );
    }
    if (/ended by SIG(?:ABRT|TRAP|ILL)/.test(error.message)) throw tooMuchMemory(shown, maxHeapMiB);
    throw error;
  }
}

/** Code is all it may read: that of nunjucks and our own. */
export function processFlags(maxHeapMiB: number): readonly string[] {
  const code = nunjucksPath().split(`${sep}node_modules${sep}`)[0] ?? '';
  return [
    '--permission',
    `--allow-fs-read=${code}${sep}node_modules${sep}`,
    `--allow-fs-read=${dirname(PROGRAM)}${sep}`,
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${maxHeapMiB}`,
    '--no-warnings',
  ];
}

const PROGRAM = fileURLToPath(
  new URL(
    import.meta.url.endsWith('.ts') ? './process.ts' : './templates-process.js',
    import.meta.url,
  ),
);

function nunjucksPath(): string {
  return fileURLToPath(import.meta.resolve('nunjucks'));
}

function isOutOfMemory(stderr: string): boolean {
  return /heap out of memory|Array buffer allocation failed/i.test(stderr);
}

function tooMuchMemory(shown: string, maxHeapMiB: number): TiphysError {
  return new TiphysError('LimitExceeded', `${shown}: templates need more than ${maxHeapMiB} MiB`);
}

/** nunjucks says `(web/x.yaml.j2) [Line 3, Column 7]`, and more such lines for what it included. */
function readError(path: string, message: string): string {
  const [, name = path, line] = /\(([^()\n]+)\)(?: \[Line (\d+)[^\]]*\])?\s*/.exec(message) ?? [];
  const reason = message
    .replace(/\([^()\n]+\)(?: \[Line \d+[^\]]*\])?\s*/g, '')
    .replace(/^(?:Template render error: |Error: )+/, '')
    .trim();
  return `${name}${line === undefined ? '' : `:${line}`}: ${reason.slice(0, 2_000)}`;
}

function libraryFolder(lib: string): string {
  const folder = joinInside('', lib.replace(/^\/+/, ''));
  if (folder !== undefined) return folder;
  throw new TiphysError(
    'UnsafePath',
    `spec.source.directory.jinja.libs: ${lib} leads outside the repository`,
  );
}
