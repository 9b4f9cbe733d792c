import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseManifests } from '../../generators/index.ts';
import { parseApplication } from '../core/app/parse.ts';
import type { Application } from '../core/app/types.ts';
import { hasCode, TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { CommandIo } from './command.ts';

/**
 * The objects in a YAML or JSON file, lists flattened; `-` is standard input. `read` is its text, when
 * that was read already. Errors: `InvalidManifest` with file and line, `PathNotFound`.
 */
export async function readObjects(
  path: string,
  io: CommandIo,
  read?: string,
): Promise<readonly KubeObject[]> {
  const written = read ?? (await readText(path, io));
  try {
    return parseManifests(written, { file: path });
  } catch (cause) {
    if (!hasCode(cause, 'InvalidManifest')) throw cause;
    // The usual hint is about a file in Git.
    throw new TiphysError('InvalidManifest', cause.message, {
      cause,
      hint: 'Correct the file; it holds objects as kubectl get … -o yaml writes them.',
    });
  }
}

/** The text of a file; `-` is standard input. Errors: `PathNotFound`. */
export async function readText(path: string, io: CommandIo): Promise<string> {
  if (path === '-') return readStandardInput(io);
  try {
    return await readFile(resolve(io.cwd, path), 'utf8');
  } catch (cause) {
    throw new TiphysError('PathNotFound', `${path}: cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: 'Give the path of a YAML or JSON file, or - for standard input.',
    });
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return READ_FAILURES[code] ?? code;
}

const READ_FAILURES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

async function readStandardInput({ stdin, signal }: CommandIo): Promise<string> {
  if (stdin.readableEnded)
    throw new TiphysError('InvalidConfig', '-: standard input was read already', {
      hint: 'Only one file can be -.',
    });
  return text(addAbortSignal(signal, stdin));
}

/** The one Application in a file. Errors: as `readObjects`, and `InvalidSpec`. */
export async function readApplication(path: string, io: CommandIo): Promise<Application> {
  const objects = await readObjects(path, io);
  const apps = objects.filter(({ kind }) => kind === 'Application');
  const [raw] = apps;
  if (raw === undefined || apps.length > 1)
    throw new TiphysError('InvalidSpec', `${path}: has ${apps.length} Applications, not one`);
  const parsed = parseApplication(raw);
  if (parsed.type === 'ok') return parsed.application;
  const problems = parsed.problems.map((problem) => `${problem.path}: ${problem.message}`);
  throw new TiphysError('InvalidSpec', `${path}: ${problems.join('; ')}`);
}
