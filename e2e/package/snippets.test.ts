import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

/** What the pages show is what a reader pastes: each snippet that imports something must compile. */
const root = join(import.meta.dirname, '../..');
const signal = AbortSignal.timeout(120_000);

interface Snippet {
  /** Path from the root, and line. */
  readonly place: string;
  readonly code: string;
}

test('the snippets of all pages compile', async () => {
  const snippets = await wholeSnippets();
  const places = snippets.map(({ place }) => place);
  assert.ok(
    places.some((place) => place.startsWith('README.md:')),
    'the front page shows how to embed',
  );
  const folder = await mkdtemp(join(tmpdir(), 'tiphys-snippets-'));
  try {
    const files = await Promise.all(
      snippets.map(async ({ place, code }) => {
        const file = `${place.replaceAll(/[^\w.-]/g, '_')}.mts`;
        await writeFile(join(folder, file), movedTo(folder, place, code));
        return file;
      }),
    );
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(configOf(files)));
    assert.equal(await problemsOf(folder), '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** TypeScript blocks that begin with an import; the others are fragments. */
async function wholeSnippets(): Promise<readonly Snippet[]> {
  const snippets: Snippet[] = [];
  const exclude = (path: string) => /node_modules|dist|testdata/.test(path);
  for await (const page of glob('**/*.md', { cwd: root, exclude })) {
    const content = await readFile(join(root, page), 'utf8');
    for (const { 1: code = '', index } of content.matchAll(/^```ts\n(import .*?)^```$/gms))
      snippets.push({ place: `${page}:${content.slice(0, index).split('\n').length + 1}`, code });
  }
  return snippets;
}

/** The same imports of files that lie beside the page. */
function movedTo(folder: string, place: string, code: string): string {
  const beside = join(root, dirname(place));
  return code.replaceAll(
    /(?<= from ')\.[^']*/g,
    (path) => `./${relative(folder, join(beside, path))}`,
  );
}

/** As strict as the project itself, with the package under its names and no need to build it. */
function configOf(files: readonly string[]): object {
  const from = (path: string) => [join(root, path)];
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      typeRoots: from('node_modules/@types'),
      isolatedDeclarations: false,
      declaration: false,
      noUnusedLocals: false,
      paths: {
        tiphys: from('operator/index.ts'),
        'tiphys/adapters': from('operator/adapters.ts'),
        'tiphys/services': from('operator/services/index.ts'),
        'tiphys/generators': from('generators/index.ts'),
        'tiphys/api': from('api/index.ts'),
        'tiphys-generator-dotenv': from(
          'examples/custom-generator/tiphys-generator-dotenv/dotenv.ts',
        ),
      },
    },
    include: [],
    files,
  };
}

/** What the compiler says, on its standard output. */
async function problemsOf(folder: string): Promise<string> {
  const tsc = spawn(join(root, 'node_modules/.bin/tsc'), ['-p', '.', '--pretty', 'false'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  const [said, [code]] = await Promise.all([text(tsc.stdout), once(tsc, 'close')]);
  return code === 0 ? '' : `${said.trim()}\nthe compiler ended with ${code}`;
}
