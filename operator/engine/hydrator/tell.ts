import { setConditions } from '../../core/app/conditions.ts';
import { parseApplication } from '../../core/app/parse.ts';
import type { Application, ApplicationStatus } from '../../core/app/types.ts';
import { hasCode } from '../../core/errors.ts';
import { HYDRATE_ANNOTATION, HYDRATE_TIMESTAMP_ANNOTATION } from '../../core/hydrator/need.ts';
import type { JsonObject } from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import { mergePatch } from '../../core/objects/merge-patch.ts';
import type { Member } from './members.ts';
import type { HydratorPorts } from './ports.ts';

const HYDRATION_ERROR = 'HydrationError';

type HydratorStatus = NonNullable<ApplicationStatus['sourceHydrator']>;

/** What is told of a hydration. */
export interface Telling {
  readonly status: (app: Application) => HydratorStatus;
  /** The condition; absent: nothing stands in the way. */
  readonly error?: string;
  /** RFC 3339. */
  readonly now: string;
}

/** The reconciler writes the same status; with so many tries one of them meets nobody. */
const ATTEMPTS = 5;

/** Writes what changed in the status; resolves with the Application as stored, `undefined` when it is gone. */
export async function tell(
  { key, app: seen }: Member,
  { status, error, now }: Telling,
  { apps }: HydratorPorts,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const newest = apps.get(key);
  let app = newest === undefined ? seen : (readable(newest) ?? seen);
  for (let attempt = 1; ; attempt += 1) {
    const before = { sourceHydrator: app.status.sourceHydrator, ...conditionsOf(app) };
    const current = error === undefined ? [] : [{ type: HYDRATION_ERROR, message: error }];
    const conditions = setConditions(app.status.conditions ?? [], [HYDRATION_ERROR], current, now);
    const after = {
      sourceHydrator: status(app),
      ...(conditions.length > 0 || app.status.conditions !== undefined ? { conditions } : {}),
    };
    const patch = mergePatch(plain(before), plain(after));
    if (patch === undefined) return app.raw;
    try {
      return await apps.patchStatus(key, patch, app.metadata.resourceVersion, signal);
    } catch (failure) {
      if (!hasCode(failure, 'KubeConflict', 'KubeNotFound') || attempt === ATTEMPTS) throw failure;
      const raw = await apps.read(key, signal);
      const read = raw === undefined ? undefined : readable(raw);
      if (read === undefined) return undefined; // deleted meanwhile, or spoilt: nobody to tell
      app = read;
    }
  }
}

/**
 * Takes away the request that a pass has dealt with. One that came meanwhile stays, and is served next.
 */
export async function clearRequest(
  { key, app }: Member,
  stored: KubeObject | undefined,
  { apps, logger }: HydratorPorts,
  signal: AbortSignal,
): Promise<void> {
  const served = app.metadata.annotations;
  const names = [HYDRATE_ANNOTATION, HYDRATE_TIMESTAMP_ANNOTATION];
  if (stored === undefined || served[HYDRATE_ANNOTATION] === undefined) return;
  const now = stored.metadata.annotations ?? {};
  if (names.some((name) => now[name] !== served[name])) return;
  const annotations = Object.fromEntries(names.map((name) => [name, null]));
  try {
    await apps.patch(key, { metadata: { annotations } }, stored.metadata.resourceVersion, signal);
  } catch (error) {
    if (!hasCode(error, 'KubeConflict', 'KubeNotFound')) throw error;
    logger.debug({ app: key }, 'somebody wrote to the application meanwhile; the request stays');
  }
}

function readable(raw: KubeObject): Application | undefined {
  const parsed = parseApplication(raw);
  return parsed.type === 'ok' ? parsed.application : undefined;
}

function conditionsOf({ status }: Application): Pick<ApplicationStatus, 'conditions'> {
  return status.conditions === undefined ? {} : { conditions: status.conditions };
}

/** The types of the schema hold nothing but JSON. */
function plain(value: object): JsonObject {
  return value as JsonObject;
}
