import type { ConfigProblem } from './key.ts';
import type { Config } from './keys.ts';

/** What is wrong about settings together although each alone is fine. */
export function contradictions(config: Config): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (config.context !== '' && config.kubeconfig === '')
    problems.push({ name: '--context', message: 'needs --kubeconfig' });
  // Otherwise two instances could work at the same time.
  if (config.leaderElectionRenewDeadline >= config.leaderElectionLease)
    problems.push({
      name: '--leader-election-renew-deadline',
      message: 'must be shorter than --leader-election-lease',
    });
  if (config.leaderElectionRetry >= config.leaderElectionRenewDeadline)
    problems.push({
      name: '--leader-election-retry',
      message: 'must be shorter than --leader-election-renew-deadline',
    });
  return problems;
}
