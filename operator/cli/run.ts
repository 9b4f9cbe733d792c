import { describeConfig } from '../config/describe-config.ts';
import type { Command } from './command.ts';
import { configOf } from './config-of.ts';

export const run: Command = {
  name: 'run',
  summary: 'Reconcile Applications until stopped',
  usage: '[--kubeconfig FILE] [--namespace argocd] [flags]',
  help: `Flags go before variables (docs/configuration.md), variables before defaults.\n\n${describeConfig()}`,
  async run(args, io) {
    const config = configOf('run', args, io);
    const { serve } = await import('./serve.ts'); // half of all there is to load, which others need not
    return serve(config, io);
  },
};
