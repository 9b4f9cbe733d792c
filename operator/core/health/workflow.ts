import { judge, part, text, type HealthCheck, type Judgement } from './health.ts';

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
  return judge(BY_PHASE.get(text(status, 'phase')) ?? 'Unknown', text(status, 'message'));
};
