import { spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** Content of a file, or a link as it stands in Git. */
export type FileContent = string | Buffer | { readonly linkTo: string };

export interface FileChanges {
  /** By path in the repository. */
  readonly files?: Readonly<Record<string, FileContent>>;
  /** Paths of files or folders; `.` removes everything before `files` are added. */
  readonly remove?: readonly string[];
  readonly message?: string;
  /** Made from `main` when it does not exist yet. Default `main`. */
  readonly branch?: string;
}

const IDENTITY = 'Tess Test <tess@example.com>';

/** Runs git on a bare repository, untouched by the configuration of whoever runs the tests. */
export async function git(
  folder: string,
  args: readonly string[],
  stdin: readonly (string | Buffer)[] = [],
): Promise<string> {
  const child = spawn('git', ['-c', 'gc.auto=0', ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_TERMINAL_PROMPT: '0',
      GIT_AUTHOR_NAME: 'Tess Test',
      GIT_AUTHOR_EMAIL: 'tess@example.com',
      GIT_COMMITTER_NAME: 'Tess Test',
      GIT_COMMITTER_EMAIL: 'tess@example.com',
    },
  });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // A git that ends early breaks the pipe; its exit code and words tell the story.
  child.stdin.on('error', () => {});
  for (const part of stdin) child.stdin.write(part);
  child.stdin.end();
  const [stdout, stderr, code] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    closed,
  ]);
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stderr.toString().trim()}`);
  return stdout.toString();
}

export async function createBareRepository(
  folder: string,
  objectFormat: 'sha1' | 'sha256' = 'sha1',
): Promise<void> {
  const format = `--object-format=${objectFormat}`;
  await git('/', ['init', '--quiet', '--bare', '--initial-branch=main', format, '--', folder]);
  await git(folder, ['config', 'http.receivepack', 'true']);
  // What hosting services offer too: fetching a commit by its id, and leaving files out.
  await git(folder, ['config', 'uploadpack.allowAnySHA1InWant', 'true']);
  await git(folder, ['config', 'uploadpack.allowFilter', 'true']);
}

/** Writes one commit without any checkout; returns its full id. */
export async function commitTo(folder: string, changes: FileChanges): Promise<string> {
  const { files = {}, remove = [], message = 'A change', branch = 'main' } = changes;
  const ref = `refs/heads/${branch}`;
  const base = (await resolve(folder, ref)) ?? (await resolve(folder, 'refs/heads/main'));
  const script: (string | Buffer)[] = [
    `commit ${ref}\n`,
    `committer ${IDENTITY} ${Math.floor(Date.now() / 1000)} +0000\n`,
    ...data(message),
  ];
  if (base !== undefined) script.push(`from ${base}\n`);
  for (const path of remove) script.push(path === '.' ? 'deleteall\n' : `D ${path}\n`);
  for (const [path, content] of Object.entries(files)) {
    const link = typeof content === 'object' && 'linkTo' in content;
    script.push(`M ${link ? '120000' : '100644'} inline ${path}\n`);
    script.push(...data(link ? content.linkTo : content));
  }
  await git(folder, ['fast-import', '--quiet', '--force'], script);
  const commit = await resolve(folder, ref);
  if (commit === undefined) throw new Error(`no commit on ${branch}`);
  return commit;
}

/** The files of a folder on disk as `files` of a commit; links stay links. */
export async function filesOf(folder: string): Promise<Record<string, FileContent>> {
  const files: Record<string, FileContent> = {};
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path).split(sep).join('/');
    if (entry.isFile()) files[name] = await readFile(path);
    else if (entry.isSymbolicLink()) files[name] = { linkTo: await readlink(path) };
  }
  return files;
}

async function resolve(folder: string, ref: string): Promise<string | undefined> {
  const line = await git(folder, ['for-each-ref', '--format=%(objectname)', ref]);
  return line.trim() || undefined;
}

function data(content: string | Buffer): readonly (string | Buffer)[] {
  const bytes = Buffer.from(content);
  return [`data ${bytes.length}\n`, bytes, '\n'];
}
