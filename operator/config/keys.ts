import { z } from 'zod';
import { parseDuration } from '../core/app/duration.ts';

/** One setting of `tiphys run`: how it is given, what it means, what it is when absent. */
export interface ConfigKey<T> {
  /** Command-line flag without the dashes. */
  readonly flag: string;
  /** Variables that are read when the flag is absent, first one first. */
  readonly env: readonly string[];
  /** The default as it would be written. */
  readonly fallback: string;
  /** One sentence, with the unit. */
  readonly description: string;
  /** Makes a value of the text; what it finds wrong is shown behind the name of the flag. */
  readonly schema: z.ZodType<T, string>;
}

type Schema<T> = z.ZodType<T, string>;

const duration: Schema<number> = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 0) return ms;
  context.addIssue({ code: 'custom', message: `"${text}" is no duration; write 90s, 5m or 1h30m` });
  return z.NEVER;
});

const whole: Schema<number> = z
  .string()
  .regex(/^\d{1,9}$/, 'must be a whole number')
  .transform(Number);

const text: Schema<string> = z.string();

const list: Schema<readonly string[]> = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);

const flag: Schema<boolean> = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((value) => value === 'true');

type LogLevel = 'debug' | 'info' | 'warn' | 'error';
const logLevel: Schema<LogLevel> = z
  .string()
  .pipe(z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error'));
const logFormat: Schema<'json' | 'text'> = z
  .string()
  .pipe(z.enum(['json', 'text'], 'must be json or text'));

function key<T>(
  name: string,
  schema: Schema<T>,
  fallback: string,
  description: string,
  alias: readonly string[] = [],
): ConfigKey<T> {
  const env = [`TIPHYS_${name.toUpperCase().replaceAll('-', '_')}`, ...alias];
  return { flag: name, env, fallback, description, schema };
}

/** The settings, parsed; durations in milliseconds. */
export interface Config {
  readonly kubeconfig: string;
  readonly context: string;
  readonly namespace: string;
  readonly applicationNamespaces: readonly string[];
  readonly dataDir: string;
  readonly workers: number;
  readonly resync: number;
  readonly resyncJitter: number;
  readonly hardResync: number;
  readonly selfHealBackoff: number;
  readonly selfHealBackoffCap: number;
  readonly syncTimeout: number;
  readonly syncWaveDelay: number;
  readonly repoErrorGracePeriod: number;
  readonly repoPollInterval: number;
  readonly repoPollJitter: number;
  readonly gitTimeout: number;
  readonly renderTimeout: number;
  readonly renderParallelism: number;
  readonly git: string;
  readonly helm: string;
  readonly kustomize: string;
  readonly kubectl: string;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly leaderElection: boolean;
  readonly leaderElectionName: string;
  readonly identity: string;
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'text';
}

/** Every setting by its name in `Config`, in the order of the documentation. */
export const CONFIG_KEYS: { readonly [K in keyof Config]: ConfigKey<Config[K]> } = {
  kubeconfig: key(
    'kubeconfig',
    text,
    '',
    'Kubeconfig of the cluster that holds the Applications; empty means the account of the Pod.',
    ['KUBECONFIG'],
  ),
  context: key('context', text, '', 'Context in the kubeconfig; empty means its current one.'),
  namespace: key('namespace', text, 'argocd', 'Namespace of the control plane.'),
  applicationNamespaces: key(
    'application-namespaces',
    list,
    '',
    'Further namespaces whose Applications are processed: globs or /regex/, with commas between.',
    ['ARGOCD_APPLICATION_NAMESPACES'],
  ),
  dataDir: key(
    'data-dir',
    text,
    '',
    'Folder for Git mirrors and temporary files; empty means a fresh temporary folder.',
  ),
  workers: key('workers', whole, '20', 'Applications worked on at the same time.', [
    'ARGOCD_APPLICATION_CONTROLLER_STATUS_PROCESSORS',
  ]),
  resync: key(
    'resync',
    duration,
    '180s',
    'Every Application is compared with the newest revision at least this often.',
    ['ARGOCD_RECONCILIATION_TIMEOUT'],
  ),
  resyncJitter: key(
    'resync-jitter',
    duration,
    '60s',
    'Random part added to the resync period of each Application.',
    ['ARGOCD_RECONCILIATION_JITTER'],
  ),
  hardResync: key(
    'hard-resync',
    duration,
    '0',
    'Every Application is rendered anew at least this often; 0 is never.',
    ['ARGOCD_HARD_RECONCILIATION_TIMEOUT'],
  ),
  selfHealBackoff: key(
    'self-heal-backoff',
    duration,
    '2s',
    'Delay before drift that came back is healed again; each further one is three times as long.',
    ['ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_BACKOFF_TIMEOUT_SECONDS'],
  ),
  selfHealBackoffCap: key(
    'self-heal-backoff-cap',
    duration,
    '5m',
    'Longest delay before drift is healed again.',
    ['ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_BACKOFF_CAP_SECONDS'],
  ),
  syncTimeout: key(
    'sync-timeout',
    duration,
    '0',
    'An operation that runs longer is terminated; 0 is never.',
    ['ARGOCD_APPLICATION_CONTROLLER_SYNC_TIMEOUT'],
  ),
  syncWaveDelay: key('sync-wave-delay', duration, '2s', 'Pause between two waves of a sync.', [
    'ARGOCD_SYNC_WAVE_DELAY',
  ]),
  repoErrorGracePeriod: key(
    'repo-error-grace-period',
    duration,
    '180s',
    'For so long, failures to load from Git leave the status as it was, unless a refresh was asked for.',
    ['ARGOCD_REPO_ERROR_GRACE_PERIOD_SECONDS'],
  ),
  repoPollInterval: key(
    'repo-poll-interval',
    duration,
    '120s',
    'How often the refs of each repository are asked for.',
  ),
  repoPollJitter: key(
    'repo-poll-jitter',
    duration,
    '60s',
    'Random part added to the polling interval of each repository.',
  ),
  gitTimeout: key('git-timeout', duration, '90s', 'Longest time for one fetch.', [
    'ARGOCD_EXEC_TIMEOUT',
  ]),
  renderTimeout: key(
    'render-timeout',
    duration,
    '90s',
    'Longest time for one run of helm or kustomize.',
  ),
  renderParallelism: key(
    'render-parallelism',
    whole,
    '0',
    'Runs of helm and kustomize at the same time; 0 means the number of cores.',
  ),
  git: key('git', text, 'git', 'The git program.'),
  helm: key('helm', text, 'helm', 'The helm program.', ['HELM']),
  kustomize: key('kustomize', text, 'kustomize', 'The kustomize program.', ['KUSTOMIZE']),
  kubectl: key(
    'kubectl',
    text,
    'kubectl',
    'The kubectl program, whose kustomize serves where there is no kustomize.',
    ['KUBECTL'],
  ),
  metricsHost: key('metrics-host', text, '127.0.0.1', 'Address for metrics and probes.'),
  metricsPort: key(
    'metrics-port',
    whole,
    '8082',
    'Port for metrics and probes; 0 takes a free one and logs it.',
  ),
  leaderElection: key(
    'leader-election',
    flag,
    'false',
    'Work only while holding the lease, so that further instances can stand by.',
  ),
  leaderElectionName: key('leader-election-name', text, 'tiphys', 'Name of the lease.'),
  identity: key(
    'identity',
    text,
    '',
    'Name of this instance in the lease; empty means host name and process id.',
  ),
  logLevel: key('log-level', logLevel, 'info', 'Least severe lines that are logged.'),
  logFormat: key('log-format', logFormat, 'json', 'Form of log lines: json or text.'),
};
