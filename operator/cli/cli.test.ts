import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadAll } from 'js-yaml';
import { COMMANDS } from './run-cli.ts';
import { type CliFolder, createCliFolder } from './testing/cli-folder.ts';

describe('the command line', () => {
  let folder: CliFolder;
  before(async () => {
    folder = await createCliFolder();
  });
  after(() => folder[Symbol.asyncDispose]());

  test('help names every command, and every command has its own help', async () => {
    const { stdout, exitCode } = await folder.cli(['help']);
    assert.equal(exitCode, 0);
    for (const { name } of COMMANDS) {
      assert.match(stdout, new RegExp(`tiphys ${name} `));
      const own = await folder.cli([name, '--help']);
      assert.equal(own.exitCode, 0);
      assert.match(own.stdout, new RegExp(`tiphys ${name} `));
    }
  });

  test('docs/cli.md has a section for every command', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/cli.md'), 'utf8');
    for (const { name } of COMMANDS) assert.match(page, new RegExp(`^## tiphys ${name}$`, 'm'));
  });

  test('an unknown command is told the nearest one', async () => {
    const { exitCode, stderr } = await folder.cli(['rendr']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /rendr: is not a command\nhint: .*tiphys render/);
  });

  test('an unknown flag is refused', async () => {
    const { exitCode, stderr } = await folder.cli(['crds', '--nonsense']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--nonsense/);
  });

  test('a misspelt flag is told the nearest one, a needless word is refused', async () => {
    assert.match(
      (await folder.cli(['diff', '--lvie', 'x'])).stderr,
      /--lvie: is unknown; did you mean --live\?/,
    );
    assert.match((await folder.cli(['crds', 'please'])).stderr, /please: is not expected/);
    assert.match((await folder.cli(['render'])).stderr, /APPLICATION\.yaml is missing/);
    assert.match(
      (await folder.cli(['render', 'app.yaml', 'b.yaml'])).stderr,
      /b\.yaml: is not expected/,
    );
    assert.match(
      (await folder.cli(['health', '-f', 'repo'])).stderr,
      /repo: cannot be read: it is a folder/,
    );
  });

  test('a file that cannot be read as objects is named, with what to do about a local file', async () => {
    await folder.write('broken.yaml', 'apiVersion: v1\nkind: [\n');
    const { exitCode, stderr } = await folder.cli(['health', '-f', 'broken.yaml']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /^error: broken\.yaml:3: .*\nhint: Correct the file; /);
  });

  test('crds prints both definitions', async () => {
    const { stdout } = await folder.cli(['crds']);
    const names = loadAll(stdout).map(
      (crd) => (crd as { metadata: { name: string } }).metadata.name,
    );
    assert.deepEqual(names, ['applications.argoproj.io', 'appprojects.argoproj.io']);
  });

  test('version prints the one of the package', async () => {
    const { version } = JSON.parse(
      await readFile(join(import.meta.dirname, '../../package.json'), 'utf8'),
    ) as { version: string };
    assert.equal((await folder.cli(['version'])).stdout, `tiphys ${version}\n`);
    assert.deepEqual(JSON.parse((await folder.cli(['version', '-o', 'json'])).stdout), { version });
  });
});
