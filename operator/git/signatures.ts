import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TiphysError } from '../core/errors.ts';
import type { SignatureCriteria } from '../core/signatures/criteria.ts';
import {
  parseHistory,
  parseSigned,
  parseStatus,
  problemOf,
  problemsOf,
  type Signed,
  untilSealed,
} from '../core/signatures/judge.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/telemetry.ts';
import { sha256 } from '../runtime/hash.ts';
import { createKeyedLock } from '../runtime/keyed-lock.ts';
import { createLruCache } from '../runtime/lru-cache.ts';
import { runProgram } from '../runtime/run-program.ts';
import type { Mirror } from './mirror.ts';

export interface SignaturesOptions {
  /** Folder for keyrings, ours alone. */
  readonly dir: string;
  /** `gpg`, looked up in `path`. */
  readonly program: string;
  readonly path: string;
  /** Armored public keys, by any name. Asked every time. */
  readonly keys: () => Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timeoutMs: number;
}

export interface SignatureQuestion {
  readonly mirror: Mirror;
  /** For people. */
  readonly repository: string;
  readonly commit: string;
  /** The annotated tag that led to the commit: its name and its object. */
  readonly tag: { readonly name: string; readonly object: string } | undefined;
  readonly criteria: Extract<SignatureCriteria, { type: 'check' }>;
  /** The mirror may not hold the whole history. */
  readonly shallow: boolean;
}

export interface Signatures {
  /** Why the commit may not be deployed; empty when it may. Errors: `ToolMissing`, those of git. */
  check(question: SignatureQuestion, signal: AbortSignal): Promise<readonly string[]>;
}

const ANSWERS_KEPT = 10_000;
const PAGE = 500;

/**
 * Checks signatures with `git` and `gpg`, against a keyring that holds the given keys and no others,
 * not those of whoever runs this process. Answers are kept: a commit, a tag and a keyring never change.
 */
export function createSignatures(options: SignaturesOptions): Signatures {
  const answers = createLruCache<string, readonly string[]>(ANSWERS_KEPT);
  const lock = createKeyedLock();
  let ready: string | undefined;

  /** The folder of a keyring with today's keys; others are removed. */
  async function keyring(signal: AbortSignal): Promise<{ home: string; hash: string }> {
    const keys = Object.entries(options.keys()).sort(([a], [b]) => (a < b ? -1 : 1));
    const hash = sha256(JSON.stringify(keys)).slice(0, 16);
    const home = join(options.dir, hash);
    if (ready === hash) return { home, hash };
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    for (const name of await readdir(options.dir))
      await rm(join(options.dir, name), { recursive: true, force: true });
    await mkdir(home, { mode: 0o700 });
    // The administrator chose the keys; who else vouches for them does not matter.
    await writeFile(join(home, 'gpg.conf'), 'trust-model always\nno-autostart\n');
    for (const [name, key] of keys) {
      const result = await runProgram(
        {
          program: options.program,
          args: ['--batch', '--no-tty', '--quiet', '--import'],
          cwd: home,
          env: { PATH: options.path, HOME: home, GNUPGHOME: home, LC_ALL: 'C' },
          stdin: key,
          timeoutMs: options.timeoutMs,
          maxOutputBytes: 1_000_000,
          clock: options.clock,
        },
        signal,
      );
      if (result.exitCode !== 0)
        options.logger.warn({ key: name }, 'argocd-gpg-keys-cm has a key that gpg cannot read');
    }
    ready = hash;
    return { home, hash };
  }

  async function check(
    question: SignatureQuestion,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const { home, hash } = await keyring(signal);
    const { criteria, tag, commit } = question;
    const key = JSON.stringify([hash, criteria, tag, commit, question.shallow]);
    const known = answers.get(key);
    if (known !== undefined) return known;
    const git = gitWith(question.mirror, home, options.program);
    const signed: Signed[] = [];
    if (tag !== undefined) signed.push(await signedTag(git, tag, signal));
    if (criteria.mode === 'strict') signed.push(...(await history(git, question, signal)));
    else if (tag === undefined) signed.push(...(await signedCommits(git, [commit], signal)));
    const found = problemsOf(signed, criteria.keys);
    answers.set(key, found, 1);
    return found;
  }

  return { check: (question, signal) => lock.run('gpg', signal, () => check(question, signal)) };
}

type Git = (
  args: readonly string[],
  signal: AbortSignal,
  stdin?: string,
) => ReturnType<Mirror['local']>;

/** Signatures of other kinds than OpenPGP count as none. */
function gitWith(mirror: Mirror, home: string, program: string): Git {
  const config = [
    ['gpg.program', program],
    ['gpg.ssh.program', '/bin/false'],
    ['gpg.x509.program', '/bin/false'],
  ] as const;
  const env = { GNUPGHOME: home, GIT_NO_REPLACE_OBJECTS: '1' };
  return (args, signal, stdin) => mirror.local(args, signal, { config, env, stdin });
}

async function signedTag(
  git: Git,
  { name, object }: { readonly name: string; readonly object: string },
  signal: AbortSignal,
): Promise<Signed> {
  const content = (await git(['cat-file', 'tag', object], signal)).stdout.toString('utf8');
  const author = /^tagger (.*>)/m.exec(content.split('\n\n', 1)[0] ?? '')?.[1] ?? '';
  const { stderr } = await git(['verify-tag', '--raw', object], signal);
  return { kind: 'tag', revision: name, author, ...parseStatus(stderr) };
}

const SIGNED = '--format=%H%x00%G?%x00%GK%x00%GF%x00%GP%x00%an <%ae>%x01';
const HISTORY =
  '--format=%H%x00%P%x00%(trailers:key=Argocd-gpg-seal,valueonly=true,unfold=true)%x01';

async function signedCommits(
  git: Git,
  commits: readonly string[],
  signal: AbortSignal,
): Promise<readonly Signed[]> {
  const found: Signed[] = [];
  for (let start = 0; start < commits.length; start += PAGE) {
    const page = commits.slice(start, start + PAGE);
    const args = ['log', '--no-walk=unsorted', '--stdin', SIGNED];
    const result = await git(args, signal, `${page.join('\n')}\n`);
    const signed = parseSigned(result.stdout.toString('utf8'));
    // One that is not in the answer would pass without having been looked at.
    if (result.exitCode !== 0 || signed.length !== page.length)
      throw new TiphysError('GitUnreachable', 'git log: signatures cannot be read');
    found.push(...signed);
  }
  return found;
}

/** The commit and what is before it, back to seals that are signed well. */
async function history(
  git: Git,
  { commit, criteria, shallow, repository }: SignatureQuestion,
  signal: AbortSignal,
): Promise<readonly Signed[]> {
  if (shallow)
    throw new TiphysError(
      'SignatureRefused',
      `GIT/GPG: repository ${repository}: strict needs the whole history, and depth is set`,
      { hint: 'Remove depth from the Secret of the repository, or use mode head.' },
    );
  const listing = await git(['log', HISTORY, commit], signal);
  if (listing.exitCode !== 0)
    throw new TiphysError('GitUnreachable', `repository ${repository}: its history cannot be read`);
  const entries = parseHistory(listing.stdout.toString('utf8'));
  const seals = entries.filter(({ seal }) => seal).map((entry) => entry.commit);
  const good = (await signedCommits(git, seals, signal))
    .filter((one) => problemOf(one, criteria.keys) === undefined)
    .map(({ revision }) => revision);
  return await signedCommits(git, untilSealed(entries, commit, new Set(good)), signal);
}
