import type { Command } from './command.ts';
import { run } from './run.ts';

/** What `run` is called where the API server and the page of Argo CD stay in front. */
export const controller: Command = {
  ...run,
  name: 'controller',
  summary: 'The same as run',
};
