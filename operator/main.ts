#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=16
// The only file that knows the process: arguments, environment, signals and exit code.
// The first line bounds what Node keeps for short-lived objects, 200 MB otherwise, and in how many pools
// its threads keep what they freed (of glibc; others do not read it); the flag below, what the rest may
// grow by between two collections. Together they take a third of the memory away for a tenth of the CPU.

import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--heap-growing-percent=50');

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(130); // asked twice: do not wait for anything
    stop.abort(new Error(`stopped by ${name}`));
  });
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0); // the reader has seen enough
    throw error;
  });

const NEEDED_NODE = 24;

if (Number.parseInt(process.versions.node, 10) < NEEDED_NODE) {
  process.stderr.write(
    `error: tiphys needs Node ${NEEDED_NODE} or newer, this is ${process.versions.node}\n`,
  );
  process.exitCode = 2;
} else {
  // Loaded only now: what it imports does not load on an older Node.
  const { runCli } = await import('./cli/run-cli.ts');
  process.exitCode = await runCli(process.argv.slice(2), {
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    env: process.env,
    cwd: process.cwd(),
    signal: stop.signal,
  });
}
