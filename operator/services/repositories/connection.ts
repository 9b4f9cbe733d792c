import { TiphysError, toTiphysError } from '../../core/errors.ts';
import { accessOf } from '../../core/repository/find-repository.ts';
import type { RepositoryRecord } from '../../core/repository/repository-record.ts';
import type { ProbedRepository } from '../../ports/repository-probe.ts';
import { withDeadline } from '../../runtime/deadline.ts';
import type { ControlPlane } from '../control-plane.ts';
import { wholeSeconds } from '../enforce.ts';
import type { Registration } from './registrations.ts';

/** How the last try to reach something ended. */
export interface ConnectionState {
  readonly status: 'Successful' | 'Failed' | 'Unknown';
  /** Why it failed; without secrets. */
  readonly message: string;
  /** RFC 3339, whole seconds. */
  readonly attemptedAt: string | null;
}

const KEPT_MS = 3_600_000;
const TEST_MS = 20_000;

/** The repository of a registration as it is asked. Errors: `InvalidConfig` when it cannot be used. */
export function probedRepository(
  record: RepositoryRecord,
  { ports }: Pick<ControlPlane, 'ports'>,
): ProbedRepository {
  const access = accessOf(record, ports.config);
  if (access.problem !== undefined) throw new TiphysError('InvalidConfig', access.problem);
  return { url: record.url, type: typeOf(record), access };
}

/** Charts in a registry are asked as any other registry is. */
export function typeOf({ type, enableOCI, url }: RepositoryRecord): ProbedRepository['type'] {
  if (type === 'helm') return enableOCI || !/^https?:/i.test(url) ? 'registry' : 'helm';
  if (type === 'oci' || /^oci:/i.test(url)) return 'oci';
  return 'git';
}

/** Errors: why it cannot be reached. */
export async function testRepository(
  record: RepositoryRecord,
  controlPlane: Pick<ControlPlane, 'ports'>,
  signal: AbortSignal,
): Promise<void> {
  using deadline = withDeadline(signal, TEST_MS, controlPlane.ports.clock);
  await controlPlane.ports.probe.test(probedRepository(record, controlPlane), deadline.signal);
}

/** The state of a connection, at most an hour old; `fresh` asks now. A changed Secret is asked anew. */
export async function connectionOf(
  { secret, record }: Registration,
  controlPlane: Pick<ControlPlane, 'ports'>,
  fresh: boolean,
  signal: AbortSignal,
): Promise<ConnectionState> {
  const { states, clock } = controlPlane.ports;
  const { name = '', resourceVersion = '' } = secret.metadata;
  const key = `connection|repository|${name}|${resourceVersion}`;
  const known = fresh ? undefined : await states.get(key, signal);
  if (known !== undefined) return JSON.parse(known) as ConnectionState;
  const state = await askNow();
  await states.set(key, JSON.stringify(state), KEPT_MS, signal);
  return state;

  async function askNow(): Promise<ConnectionState> {
    const attemptedAt = wholeSeconds(clock.now() / 1_000);
    try {
      await testRepository(record, controlPlane, signal);
      return { status: 'Successful', message: '', attemptedAt };
    } catch (error) {
      signal.throwIfAborted();
      return { status: 'Failed', message: toTiphysError(error).message, attemptedAt };
    }
  }
}
