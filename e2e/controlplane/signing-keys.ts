import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { commitTo, type FileChanges } from './git-repository.ts';
import { resolveSystemProgram } from './system-programs.ts';
import { progressToStderr as log } from './tool-cache.ts';

/** People with OpenPGP keys, who sign what they commit to bare repositories. */
export interface SigningKeys extends AsyncDisposable {
  /** Long id of the key of somebody. */
  idOf(name: string): string;
  /** Armored. */
  publicKeyOf(name: string): string;
  /** A commit on top of `main`, signed by somebody or nobody; gives its id. */
  commit(
    folder: string,
    by: string | undefined,
    files: NonNullable<FileChanges['files']>,
  ): Promise<string>;
  /** An annotated tag of a commit, signed by somebody. */
  tag(folder: string, tag: string, commit: string, by: string): Promise<void>;
}

/**
 * Makes a key for each name with a real `gpg`, in a home of its own. Errors: `MissingToolError`
 * without GnuPG. Lifetime: disposing ends its agent and removes the keys.
 */
export async function createSigningKeys(
  names: readonly string[],
  signal: AbortSignal,
): Promise<SigningKeys> {
  const gpg = await resolveSystemProgram('gpg', { env: process.env, log, signal });
  const home = await mkdtemp(join(tmpdir(), 'tiphys-keys-'));
  const run = (program: string, args: readonly string[], input = '') =>
    runWith(home, program, args, input);
  const keys = new Map<string, { readonly id: string; readonly armored: string }>();
  for (const name of names) {
    const address = `${name}@example.com`;
    const identity = `${name} <${address}>`;
    const quick = ['--quick-generate-key', identity, 'ed25519', 'sign', 'never'];
    await run(gpg, ['--batch', '--passphrase', '', ...quick]);
    const listing = await run(gpg, ['--list-keys', '--with-colons', address]);
    const id = /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1]?.slice(-16) ?? '';
    keys.set(name, { id, armored: await run(gpg, ['--armor', '--export', address]) });
  }
  const keyOf = (name: string) => {
    const key = keys.get(name);
    if (key === undefined) throw new Error(`nobody is called ${name}`);
    return key;
  };
  const inFolder = (folder: string, ...args: readonly string[]) =>
    run('git', ['-C', folder, '-c', `gpg.program=${gpg}`, ...args]);

  return {
    idOf: (name) => keyOf(name).id,
    publicKeyOf: (name) => keyOf(name).armored,
    async commit(folder, by, files) {
      const draft = await commitTo(folder, { files, branch: 'unsigned-draft' });
      const parents = (await inFolder(folder, 'log', '-1', '--format=%P', draft)).trim();
      const made = await inFolder(
        folder,
        'commit-tree',
        ...(parents === '' ? [] : ['-p', parents]),
        ...(by === undefined ? [] : [`-S${keyOf(by).id}!`]),
        ...['-m', 'A change', `${draft}^{tree}`],
      );
      // In one step, so that nobody ever finds the draft on the branch.
      await inFolder(folder, 'update-ref', 'refs/heads/main', made.trim());
      await inFolder(folder, 'update-ref', '-d', 'refs/heads/unsigned-draft');
      return made.trim();
    },
    async tag(folder, tag, commit, by) {
      await inFolder(folder, 'tag', '-m', tag, '-u', `${keyOf(by).id}!`, tag, commit);
    },
    async [Symbol.asyncDispose]() {
      await run('gpgconf', ['--kill', 'all']);
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function runWith(
  home: string,
  program: string,
  args: readonly string[],
  input: string,
): Promise<string> {
  const child = spawn(program, args, {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      GNUPGHOME: home,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Tess',
      GIT_AUTHOR_EMAIL: 'tess@example.com',
      GIT_COMMITTER_NAME: 'Tess',
      GIT_COMMITTER_EMAIL: 'tess@example.com',
    },
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  child.stdin.on('error', () => {}); // its exit code and words tell the story
  child.stdin.end(input);
  const [stdout, stderr, code] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    closed,
  ]);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr.toString().trim()}`);
  return stdout.toString();
}
