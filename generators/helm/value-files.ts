import { TiphysError } from '../../operator/core/errors.ts';
import type { GenerateRequest } from '../../operator/ports/generator.ts';
import type { Variables } from '../build-environment.ts';
import { locateFile, type SourceFile, treeOf } from '../source-file.ts';
import { expandPattern, isPattern } from './path-glob.ts';

/**
 * The values files of a source in the order helm gets them: patterns expanded, missing ones left out
 * where the source allows it, each file once. A file that is listed by its name keeps its own
 * place; a pattern passes over it.
 * Errors: `PathNotFound` for a missing file and for a pattern that matches nothing; see `locateFile`.
 */
export async function resolveValueFiles(
  request: GenerateRequest,
  variables: Variables,
  schemes: readonly string[],
  signal: AbortSignal,
): Promise<readonly SourceFile[]> {
  const helm = request.source.helm ?? {};
  const entries = (helm.valueFiles ?? []).map((entry) => ({
    entry,
    file: locateFile(request, entry, variables, schemes),
  }));
  const named = new Set(
    entries
      .map(({ file }) => file)
      .filter(isNamed)
      .map(identity),
  );
  const files = new Map<string, SourceFile>();
  const add = (file: SourceFile) => {
    if (!files.has(identity(file))) files.set(identity(file), file);
  };
  for (const { entry, file } of entries) {
    if (file.type === 'url') {
      add(file);
      continue;
    }
    const tree = treeOf(request, file.ref);
    if (isPattern(file.path)) {
      const matches = await expandPattern(tree, file.path, signal);
      if (matches.length === 0 && helm.ignoreMissingValueFiles !== true) {
        throw new TiphysError('PathNotFound', `values file glob "${entry}" matched no files`, {
          hint: MISSING_HINT,
        });
      }
      for (const path of matches) {
        const match: SourceFile = { ...file, path };
        if (!named.has(identity(match))) add(match);
      }
    } else if ((await tree.resolve(file.path, signal))?.type === 'file') {
      add(file);
    } else if (helm.ignoreMissingValueFiles !== true) {
      throw new TiphysError('PathNotFound', `values file "${entry}" does not exist`, {
        hint: MISSING_HINT,
      });
    }
  }
  return [...files.values()];
}

const MISSING_HINT = 'Commit the file, or set helm.ignoreMissingValueFiles.';

function isNamed(file: SourceFile): boolean {
  return file.type === 'url' || !isPattern(file.path);
}

function identity(file: SourceFile): string {
  return file.type === 'url' ? file.url : `${file.ref}:${file.path}`;
}
