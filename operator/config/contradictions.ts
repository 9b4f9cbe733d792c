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
  problems.push(...ofRedis(config));
  return problems;
}

function ofRedis({
  redis,
  redisCluster,
  redisSentinels,
  redisDb,
}: Config): readonly ConfigProblem[] {
  if (redisCluster.length === 0) return [];
  const name = '--redis-cluster';
  const problems: ConfigProblem[] = [];
  if (redis !== '')
    problems.push({
      name,
      message: 'names nodes of a cluster, and --redis (or REDIS_SERVER) one server: leave one out',
    });
  if (redisSentinels.length > 0)
    problems.push({
      name,
      message: 'names nodes of a cluster, which has no --redis-sentinels: leave one out',
    });
  if (redisDb !== 0)
    problems.push({
      name,
      message: `a cluster has database 0 alone: leave out --redis-db ${redisDb} (or REDISDB)`,
    });
  return problems;
}
