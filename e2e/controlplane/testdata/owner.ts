/** Starts a control plane, tells its parent about it, and then waits to be killed. */
import { startControlPlane } from '../control-plane.ts';

const plane = await startControlPlane({
  signal: AbortSignal.timeout(120_000),
  components: { controllerManager: false, scheduler: false, kwok: false },
});
process.send?.({ pids: plane.pids, dir: plane.dir });
