import type { Project, SyncWindow } from '../../core/app/types.ts';
import { TiphysError } from '../../core/errors.ts';
import { canonicalJson, type JsonValue } from '../../core/objects/json.ts';
import type { ControlPlane } from '../control-plane.ts';

/**
 * What a project must be before it is written (`spec/api.md` 6.6). Errors: `InvalidRequest` with everything
 * that is wrong.
 */
export function checkProject({ name, spec }: Project, { ports }: ControlPlane): void {
  const problems = [
    ...ports.access.checkRoles(name, spec.roles ?? []),
    ...twice(spec.destinations ?? []).map(
      ({ server = '', name: cluster = '', namespace = '' }) =>
        `destination ${server || cluster}/${namespace}: stands there twice`,
    ),
    ...twice(spec.sourceRepos ?? []).map((url) => `source repository ${url}: stands there twice`),
    ...windowProblems(spec.syncWindows ?? [], ports),
  ];
  if (problems.length === 0) return;
  throw new TiphysError('InvalidRequest', `AppProject ${name}: ${problems.join('; ')}`, {
    hint: 'Correct it, and send it again.',
  });
}

function windowProblems(
  windows: readonly SyncWindow[],
  { schedule, clock }: Pick<ControlPlane['ports'], 'schedule' | 'clock'>,
): readonly string[] {
  const now = clock.now();
  const problems = windows.flatMap((window, index) => {
    const {
      kind,
      schedule: times = '',
      duration = '',
      applications,
      namespaces,
      clusters,
    } = window;
    const found: string[] = [];
    if (kind === undefined) found.push('its kind is neither allow nor deny');
    const state = schedule.stateAt(window, now);
    if (state.type === 'invalid') found.push(state.problem);
    const targets = [applications, namespaces, clusters].flatMap((list) => list ?? []);
    if (targets.length === 0) found.push('names no application, namespace or cluster');
    return found.map(
      (problem) => `sync window ${index + 1} (${times} for ${duration}): ${problem}`,
    );
  });
  const again = twice(windows.map(({ description: _text, ...window }) => window));
  return [
    ...problems,
    ...again.map(({ schedule: times = '' }) => `sync window (${times}): stands there twice`),
  ];
}

/** Items that are equal to one before them. */
function twice<T>(items: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const key = canonicalJson(item as JsonValue);
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  });
}
