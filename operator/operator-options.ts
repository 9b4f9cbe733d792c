import type { EngineSettings } from './engine/ports.ts';
import { DEFAULT_SELF_HEAL } from './core/sync/auto-sync.ts';
import { FIELD_MANAGER } from './core/diff/compare-object.ts';
import { DEFAULT_HEAL_LOOP } from './core/sync/heal-loop.ts';
import { DEFAULT_TRACKING } from './core/tracking/tracking.ts';

/** Engine settings as the documentation names their defaults; give only what differs. */
export function engineSettings(
  given: Partial<EngineSettings> & Pick<EngineSettings, 'namespace'>,
): EngineSettings {
  return {
    applicationNamespaces: [],
    tracking: DEFAULT_TRACKING,
    fieldManager: FIELD_MANAGER,
    resyncMs: 180_000,
    resyncJitterMs: 60_000,
    hardResyncMs: 0,
    selfHeal: DEFAULT_SELF_HEAL,
    healLoop: DEFAULT_HEAL_LOOP,
    repoErrorGraceMs: 180_000,
    syncTimeoutMs: 0,
    syncPhaseTimeoutMs: 0,
    hookDeadlineMs: 0,
    waveDelayMs: 2_000,
    pruneLimit: undefined,
    applyParallelism: 10,
    persistResourceHealth: true,
    hydrates: false,
    ...given,
  };
}
