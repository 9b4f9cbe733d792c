import { parseQuantity } from '../diff/quantity.ts';
import type { JsonObject } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { itemsOf, partOf, textOf } from './parts.ts';

/** Thousandths: of a core, and of a byte. */
export interface Requests {
  readonly cpu: number;
  readonly memory: number;
}

/**
 * What a Pod asks the scheduler for: the sum of its containers and of those that start before and stay, or
 * the most that one init container needs with them, whichever is more; with its overhead.
 */
export function requestsOf({ spec }: KubeObject): Requests {
  const inits = itemsOf(spec, 'initContainers');
  const staying = inits.filter((container) => textOf(container, 'restartPolicy') === 'Always');
  const passing = inits.filter((container) => textOf(container, 'restartPolicy') !== 'Always');
  const running = [...itemsOf(spec, 'containers'), ...staying];
  const of = (name: string): number => {
    const need = (container: JsonObject): number =>
      milliOf(partOf(partOf(container, 'resources'), 'requests')[name]);
    const sum = (containers: readonly JsonObject[]): number =>
      containers.reduce((total, container) => total + need(container), 0);
    const most = Math.max(0, ...passing.map(need));
    return Math.max(sum(running), most + sum(staying)) + milliOf(partOf(spec, 'overhead')[name]);
  };
  return { cpu: of('cpu'), memory: of('memory') };
}

/** Thousandths of a quantity, rounded up; what is none counts nothing. */
export function milliOf(value: unknown): number {
  if (typeof value !== 'string' && typeof value !== 'number') return 0;
  const amount = parseQuantity(value);
  if (amount === undefined || amount <= 0n) return 0;
  return Number((amount + UNIT - 1n) / UNIT);
}

/** Quantities are read in units of 1e-18. */
const UNIT = 10n ** 15n;
