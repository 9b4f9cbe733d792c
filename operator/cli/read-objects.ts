import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseManifests } from '../../generators/index.ts';
import { parseApplication } from '../core/app/parse.ts';
import type { Application } from '../core/app/types.ts';
import { TiphysError } from '../core/errors.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { CommandIo } from './command.ts';

/** The objects in a YAML or JSON file, lists flattened; `-` is standard input. Errors: `InvalidManifest` with file and line, `PathNotFound`. */
export async function readObjects(path: string, io: CommandIo): Promise<readonly KubeObject[]> {
  return parseManifests(await readText(path, io), { file: path });
}

async function readText(path: string, io: CommandIo): Promise<string> {
  if (path === '-') return text(io.stdin);
  try {
    return await readFile(resolve(io.cwd, path), 'utf8');
  } catch (cause) {
    throw new TiphysError('PathNotFound', `${path}: cannot be read`, { cause });
  }
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

/** The only positional argument of a command. */
export function onlyArgument(positionals: readonly string[], what: string): string {
  const [first, ...rest] = positionals;
  if (first === undefined) throw new TiphysError('InvalidConfig', `${what} is missing`);
  if (rest.length > 0)
    throw new TiphysError('InvalidConfig', `${rest.join(' ')}: is not expected behind ${what}`);
  return first;
}
