import type { ApiResource } from '../ports/kube-client.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { Trouble } from './watch-collection.ts';

export interface TroubleLog {
  trouble(resource: ApiResource, trouble: Trouble): void;
  /** Some watch got an answer. */
  healthy(): void;
}

/** A warning from the second failure in a row on: a watch that is cut once is everyday life. */
const WARN_AFTER = 2;
const PASSED_OVER: ReadonlySet<string> = new Set(['KubeForbidden', 'KubeNotFound']);

/**
 * Says what fails without saying it for each of a hundred kinds: an API server that is out of reach
 * is one line when it goes and one when it is back; a kind that is passed over is one line; what else
 * concerns one kind is said for that kind, on its second failure and then ever more rarely.
 */
export function createTroubleLog(logger: Logger): TroubleLog {
  const passedOver = new Set<string>();
  let unreachable = false;

  return {
    trouble(resource, { error, during, failures, retryAfterMs }) {
      const kind = `${resource.group}/${resource.kind}`;
      const fields = { err: error, code: error.code, kind, during, failures, retryAfterMs };
      if (PASSED_OVER.has(error.code) && during === 'list') {
        if (passedOver.has(kind)) return;
        passedOver.add(kind);
        return logger.info(fields, 'kind passed over');
      }
      if (error.code === 'KubeGone') return logger.debug(fields, 'watch expired, listing again');
      const network = error.code === 'KubeUnreachable' && error.fields['status'] === undefined;
      if (failures < WARN_AFTER || (network && unreachable) || !isPowerOfTwo(failures)) {
        return logger.debug(fields, 'watch failed');
      }
      if (network) unreachable = true;
      logger.warn(fields, network ? 'cluster unreachable' : 'watch failed');
    },
    healthy() {
      if (!unreachable) return;
      unreachable = false;
      logger.info({}, 'cluster reachable again');
    },
  };
}

function isPowerOfTwo(count: number): boolean {
  return (count & (count - 1)) === 0;
}
