import { readdir } from 'node:fs/promises';
import { TiphysError } from '../../core/errors.ts';
import { openRepositories } from '../testing/open-repositories.ts';

// On a disk that is too small for the first repository: `node full-disk.ts FOLDER BIG SMALL`. Prints
// how the first failed, what that left behind, and what is read of the second.

const [, , dir = '', big = '', small = ''] = process.argv;
const signal = AbortSignal.timeout(60_000);
const opened = await openRepositories({}, { dir });
const { repositories } = opened;

async function read(url: string): Promise<string> {
  const commit = await repositories.resolve(url, 'main', { fresh: false }, signal);
  const tree = await repositories.tree(url, commit, {}, signal);
  return (await tree.read('a', { maxBytes: 1_000 }, signal)).toString();
}

const failure: unknown = await read(big).catch((error: unknown) => error);
const left = (await readdir(dir, { recursive: true })).filter((path) => /tmp_|\.lock$/.test(path));
const seen = {
  failure: failure instanceof TiphysError ? failure.message : `no failure: ${String(failure)}`,
  hint: failure instanceof TiphysError ? failure.hint : '',
  left: left.join(' '),
  small: await read(small),
  repaired: opened.logged.some((line) => line.includes('made anew')) ? 'yes' : 'no',
};
await repositories[Symbol.asyncDispose]();
process.stdout.write(JSON.stringify(seen));
