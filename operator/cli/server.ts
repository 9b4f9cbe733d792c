import { describeConfig } from '../config/describe-config.ts';
import type { Command } from './command.ts';
import { configOf } from './config-of.ts';

export const server: Command = {
  name: 'server',
  summary: 'Serve the API without reconciling',
  usage: '[--kubeconfig FILE] [--namespace argocd] [--api-port 8080] [flags]',
  help: `tiphys run --api-port does both in one process. Flags go before variables (docs/configuration.md), variables before defaults.\n\n${describeConfig()}`,
  async run(args, io) {
    const config = configOf('server', args, io);
    const { serveOnly } = await import('./serve-only.ts');
    return await serveOnly(config, io);
  },
};
