import type { TestApplication } from '../language/application.ts';
import { type Expectation, met, pending } from '../language/expectation.ts';
import type { Step } from '../language/world.ts';

// What the scenarios of the hydrator see in the status of an Application.

interface Hydration {
  readonly phase?: string;
  readonly message?: string;
  readonly drySHA?: string;
  readonly hydratedSHA?: string;
}
interface HydratorStatus {
  readonly currentOperation?: Hydration;
  readonly lastSuccessfulOperation?: Hydration;
  readonly lastComparedDryRevision?: string;
}

/** What `status.sourceHydrator` of the Application is. */
export const sees =
  (app: TestApplication, what: string, judge: (status: HydratorStatus) => boolean): Expectation =>
  async (stop) => {
    const status = (await app.read(stop))?.['status'] as
      | { readonly sourceHydrator?: HydratorStatus }
      | undefined;
    const seen = status?.sourceHydrator ?? {};
    return judge(seen) ? met(what) : pending(`${app.name} ${what}: ${JSON.stringify(seen)}`);
  };

/** Its last hydration was of that dry commit, and went well. */
export const isHydrated = (app: TestApplication, dry: string): Expectation =>
  sees(app, `is hydrated from ${dry}`, ({ currentOperation }) => {
    const { phase, drySHA } = currentOperation ?? {};
    return phase === 'Hydrated' && drySHA === dry;
  });

/** Its last hydration failed, for that reason. */
export const isNotHydrated = (app: TestApplication, why: RegExp): Expectation =>
  sees(app, `is not hydrated: ${why}`, ({ currentOperation }) => {
    const { phase, message = '' } = currentOperation ?? {};
    return phase === 'Failed' && why.test(message);
  });

/** Somebody asks for hydration: `normal` or `hard`. */
export const asked = (app: TestApplication, how: string): Step =>
  app.patched({ metadata: { annotations: { 'argocd.argoproj.io/hydrate': how } } });

/** What was asked for is taken up, so the annotation is gone. */
export const isServed =
  (app: TestApplication): Expectation =>
  async (stop) => {
    const { annotations } = (await app.read(stop))?.metadata ?? {};
    const is = annotations?.['argocd.argoproj.io/hydrate'];
    return is === undefined ? met('the request is gone') : pending(`hydrate is ${is}`);
  };
