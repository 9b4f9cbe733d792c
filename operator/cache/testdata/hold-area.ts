import { hostname } from 'node:os';
import { pid } from 'node:process';
import { systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../telemetry/silent.ts';
import { openWorkingArea } from '../working-area.ts';

// Holds an area until it is killed: `node hold-area.ts FOLDER`. Prints where.

const signal = AbortSignal.timeout(60_000);
const owner = { host: hostname(), pid };
const options = { temporary: [], owner, clock: systemClock, logger: silentLogger };
const area = await openWorkingArea({ dir: process.argv[2] ?? '', ...options }, signal);
process.stdout.write(area.dir);
await systemClock.sleep(60_000, signal);
