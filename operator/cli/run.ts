import { describeConfig } from '../config/describe-config.ts';
import { parseConfig } from '../config/parse-config.ts';
import { TiphysError } from '../core/errors.ts';
import type { Command } from './command.ts';

export const run: Command = {
  name: 'run',
  summary: 'Reconcile Applications until stopped',
  usage: '[--kubeconfig FILE] [--namespace argocd] [flags]',
  help: `Flags go before variables (docs/configuration.md), variables before defaults.\n\n${describeConfig()}`,
  async run(args, io) {
    const parsed = parseConfig({ argv: args, env: io.env });
    if (parsed.type === 'invalid')
      throw new TiphysError(
        'InvalidConfig',
        parsed.problems.map(({ name, message }) => `${name}: ${message}`).join('; '),
        { hint: 'See tiphys run --help.' },
      );
    const { serve } = await import('./serve.ts'); // half of all there is to load, which others need not
    return serve(parsed.config, io);
  },
};
