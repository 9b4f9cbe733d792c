import { judge, part, text, unknownPhase, type HealthCheck, type Judgement } from './health.ts';

const BY_PHASE: ReadonlyMap<string, Judgement['status']> = new Map([
  ['', 'Progressing'],
  ['Pending', 'Progressing'],
  ['Running', 'Progressing'],
  ['Succeeded', 'Healthy'],
  ['Failed', 'Degraded'],
  ['Error', 'Degraded'],
]);

/** A Workflow of Argo Workflows, by its phase. */
export const workflow: HealthCheck = (object) => {
  const status = part(object, 'status');
  const phase = text(status, 'phase');
  const known = BY_PHASE.get(phase);
  const message = text(status, 'message');
  return known === undefined
    ? judge('Unknown', message || unknownPhase(phase))
    : judge(known, message);
};
