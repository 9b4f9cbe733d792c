import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';

/**
 * A guard counts only once it was seen to fail. The fixtures mirror the folders of the project, so
 * that the overrides of `.oxlintrc.json` apply to them as to the real rooms. A line that must be
 * rejected ends in `// rejected: words of the message`, several joined by ` + `; every other line
 * must be accepted.
 */
const root = join(import.meta.dirname, '../..');
const fixtures = join(import.meta.dirname, 'fixtures');

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
  readonly message: string;
  readonly help?: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

interface Override {
  readonly files: readonly string[];
  readonly rules: Readonly<Record<string, unknown>>;
}

let folder: string;
let diagnostics: readonly Diagnostic[];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiphys-lint-'));
  await cp(fixtures, folder, { recursive: true });
  await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const tsconfig = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8')) as object;
  const here = { ...tsconfig, include: ['**/*.ts'], exclude: ['node_modules'] };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(here));
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const run = spawnSync(oxlint, ['--type-aware', '-f', 'json'], { cwd: folder, encoding: 'utf8' });
  assert.equal(run.status, 1, run.stderr);
  diagnostics = (JSON.parse(run.stdout) as { diagnostics: readonly Diagnostic[] }).diagnostics;
});
after(() => rm(folder, { recursive: true, force: true }));

describe('lint rejects what the fixtures mark, and nothing else', async () => {
  for (const path of await fixtureFiles()) {
    test(path, async () => {
      const lines = (await readFile(join(fixtures, path), 'utf8')).split('\n');
      const problems: string[] = [];
      for (const [index, line] of lines.entries()) {
        const [code = '', marked] = line.split(' // rejected: ');
        const expected = marked?.split(' + ') ?? [];
        const seen = diagnostics
          .filter((d) => d.filename === path && d.labels[0]?.span.line === index + 1)
          .map((d) => `${d.code}: ${d.message} ${d.help ?? ''}`);
        for (const words of expected) {
          if (!seen.some((text) => text.includes(words))) {
            problems.push(`${path}:${index + 1}: not rejected with "${words}": ${code}`);
          }
        }
        for (const text of seen) {
          if (!expected.some((words) => text.includes(words))) {
            problems.push(`${path}:${index + 1}: should be accepted: ${code}\n    ${text}`);
          }
        }
      }
      assert.deepEqual(problems, []);
    });
  }
});

test('every rule of every room is seen to fire', async () => {
  const text = await readFile(join(root, '.oxlintrc.json'), 'utf8');
  const { overrides } = JSON.parse(text) as { overrides: readonly Override[] };
  const silent: string[] = [];
  for (const { files, rules } of overrides) {
    for (const glob of files) {
      const inRoom = diagnostics.filter((d) => d.filename.startsWith(glob.replace(/\*.*$/, '')));
      const fired = inRoom.map((d) => `${d.message} ${d.help ?? ''}`);
      for (const sign of signsOf(rules)) {
        if (!fired.some((message) => message.includes(sign))) silent.push(`${glob}: ${sign}`);
      }
    }
  }
  assert.deepEqual(silent, []);
});

/** What must appear in a message when the rule fires, for each thing that a room may not do. */
function signsOf(rules: Readonly<Record<string, unknown>>): readonly string[] {
  const options = (rule: string) => (Array.isArray(rules[rule]) ? rules[rule].slice(1) : []);
  const signs: string[] = [];
  for (const { patterns } of options('eslint/no-restricted-imports') as {
    patterns: { message: string }[];
  }[]) {
    signs.push(...patterns.map(({ message }) => message));
  }
  for (const { globals } of options('eslint/no-restricted-globals') as {
    globals: { name: string }[];
  }[]) {
    signs.push(...globals.map(({ name }) => `Unexpected use of '${name}'`));
  }
  for (const { object, property } of options('eslint/no-restricted-properties') as {
    object: string;
    property: string;
  }[]) {
    signs.push(`'${object}.${property}' is restricted`);
  }
  for (const { types } of options('typescript/no-restricted-types') as { types: object }[]) {
    signs.push(...Object.keys(types).map((name) => `Do not use \`${name}\` as a type`));
  }
  return signs;
}

async function fixtureFiles(): Promise<readonly string[]> {
  const entries = await readdir(fixtures, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(fixtures, join(entry.parentPath, entry.name)))
    .sort();
}
