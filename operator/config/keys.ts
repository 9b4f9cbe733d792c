import { LAYER_MEDIA_TYPES } from '../core/repository/artifact-manifest.ts';
import type { PruneLimit } from '../core/sync/prune-brake.ts';
import { API_KEYS, type ApiConfig } from './api-keys.ts';
import { SIGN_IN_KEYS, type SignInConfig } from './sign-in-keys.ts';
import {
  type ConfigKey,
  duration,
  factor,
  globs,
  httpUrl,
  key,
  list,
  optional,
  pruneLimit,
  size,
  text,
  truth,
  truthOrNo,
  whole,
  word,
} from './key.ts';

/** The settings, parsed; durations in milliseconds. */
export interface Config extends ApiConfig, SignInConfig {
  readonly kubeconfig: string;
  readonly context: string;
  readonly kubeRequestTimeout: number;
  readonly namespace: string;
  readonly applicationNamespaces: readonly string[];
  readonly dataDir: string;
  readonly workers: number;
  readonly resync: number;
  readonly resyncJitter: number;
  readonly hardResync: number;
  readonly selfHealDelay: number;
  readonly selfHealBackoff: number;
  readonly selfHealBackoffFactor: number;
  readonly selfHealBackoffCap: number;
  readonly selfHealLoopLimit: number;
  readonly syncTimeout: number;
  readonly syncPhaseTimeout: number;
  readonly hookDeadline: number;
  readonly syncWaveDelay: number;
  readonly pruneLimit: PruneLimit | undefined;
  readonly repoErrorGracePeriod: number;
  readonly repoPollInterval: number;
  readonly repoPollJitter: number;
  readonly gitTimeout: number;
  readonly gitListTimeout: number;
  readonly gitListAttempts: number;
  readonly gitListRetryDelay: number;
  readonly gitListRetryFactor: number;
  readonly gitListRetryMaxDelay: number;
  readonly gitListParallelism: number;
  readonly githubAppTokenMinutes: number;
  readonly gitCacheSize: number;
  readonly gitBlobLimit: number;
  readonly gitSubmodules: boolean;
  readonly ociLayerMediaTypes: readonly string[];
  readonly ociMaxExtractedSize: number;
  readonly ociDisableMaxExtractedSize: boolean;
  readonly helmMaxExtractedSize: number;
  readonly helmMaxIndexSize: number;
  readonly maxCombinedDirectoryManifestsSize: number;
  readonly verifySignatures: boolean;
  readonly hydrator: boolean;
  readonly manifestCacheSize: number;
  readonly manifestCacheExpiration: number;
  readonly appStateCacheExpiration: number;
  readonly redis: string;
  readonly redisDb: number;
  readonly redisTls: boolean;
  readonly redisCaCertificate: string;
  readonly redisClientCertificate: string;
  readonly redisClientKey: string;
  readonly redisInsecureSkipTlsVerify: boolean;
  readonly redisCluster: readonly string[];
  readonly redisSentinels: readonly string[];
  readonly redisSentinelMaster: string;
  readonly redisKeyPrefix: string;
  readonly redisCompression: 'gzip' | 'none';
  readonly pauseGenerationAfter: number;
  readonly pauseGenerationMinutes: number;
  readonly pauseGenerationRequests: number;
  readonly renderTimeout: number;
  readonly renderParallelism: number;
  readonly programStopTimeout: number;
  readonly git: string;
  readonly helm: string;
  readonly kustomize: string;
  readonly kubectl: string;
  readonly jsonnet: string;
  readonly toolCache: string;
  readonly pluginSocketDir: string;
  readonly pluginDir: string;
  readonly pluginTarExclude: readonly string[];
  readonly pluginUseManifestGeneratePaths: boolean;
  readonly metricsHost: string;
  readonly metricsPort: number;
  readonly metricsApplicationLabels: readonly string[];
  readonly metricsApplicationConditions: readonly string[];
  readonly metricsClusterLabels: readonly string[];
  readonly webhookHost: string;
  readonly webhookPort: number | undefined;
  readonly webhookParallelism: number;
  readonly bitbucketApiUrl: string;
  readonly leaderElection: boolean;
  readonly leaderElectionName: string;
  readonly leaderElectionLease: number;
  readonly leaderElectionRenewDeadline: number;
  readonly leaderElectionRetry: number;
  readonly identity: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly logFormat: 'json' | 'text';
}

/** Every setting by its name in `Config`, in the order of the documentation. */
export const CONFIG_KEYS: { readonly [K in keyof Config]: ConfigKey<Config[K]> } = {
  kubeconfig: key('kubeconfig', {
    schema: text,
    fallback: '',
    description:
      'Kubeconfig of the cluster that holds the Applications; empty means the account of the Pod.',
    alias: ['KUBECONFIG'],
  }),
  context: key('context', {
    schema: text,
    fallback: '',
    description: 'Context in the kubeconfig; empty means its current one.',
  }),
  kubeRequestTimeout: key('kube-request-timeout', {
    schema: duration,
    fallback: '60s',
    description: 'Longest time of one request to an API server; watches have no limit.',
  }),
  namespace: key('namespace', {
    schema: text,
    fallback: 'argocd',
    description: 'Namespace of the control plane.',
  }),
  applicationNamespaces: key('application-namespaces', {
    schema: list,
    fallback: '',
    description:
      'Further namespaces whose Applications are processed: globs or /regex/, with commas between.',
    alias: ['ARGOCD_APPLICATION_NAMESPACES'],
  }),
  dataDir: key('data-dir', {
    schema: text,
    fallback: '',
    description:
      'Folder for Git mirrors, renders and temporary files, which several processes may share; empty means a fresh temporary folder.',
  }),
  workers: key('workers', {
    schema: whole(1, 1_000),
    fallback: '20',
    description: 'Applications worked on at the same time.',
    alias: ['ARGOCD_APPLICATION_CONTROLLER_STATUS_PROCESSORS'],
  }),
  resync: key('resync', {
    schema: duration,
    fallback: '180s',
    description:
      'Every Application is compared with the newest revision at least this often; 0 is never.',
    alias: ['ARGOCD_RECONCILIATION_TIMEOUT'],
  }),
  resyncJitter: key('resync-jitter', {
    schema: duration,
    fallback: '60s',
    description: 'Random part added to the resync period of each Application.',
    alias: ['ARGOCD_RECONCILIATION_JITTER'],
  }),
  hardResync: key('hard-resync', {
    schema: duration,
    fallback: '0',
    description: 'Every Application is rendered anew at least this often; 0 is never.',
    alias: ['ARGOCD_HARD_RECONCILIATION_TIMEOUT'],
  }),
  selfHealDelay: key('self-heal-delay', {
    schema: duration,
    fallback: '0',
    description: 'Delay before drift is healed, used when the backoff is 0.',
    alias: ['ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_TIMEOUT_SECONDS'],
  }),
  selfHealBackoff: key('self-heal-backoff', {
    schema: duration,
    fallback: '2s',
    description: 'Delay before drift that came back is healed again; 0 turns the backoff off.',
    alias: ['ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_BACKOFF_TIMEOUT_SECONDS'],
  }),
  selfHealBackoffFactor: key('self-heal-backoff-factor', {
    schema: factor,
    fallback: '3',
    description: 'How many times longer each further delay of the self-heal backoff is.',
    alias: ['ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_BACKOFF_FACTOR'],
  }),
  selfHealBackoffCap: key('self-heal-backoff-cap', {
    schema: duration,
    fallback: '5m',
    description: 'Longest delay before drift is healed again.',
    alias: ['ARGOCD_APPLICATION_CONTROLLER_SELF_HEAL_BACKOFF_CAP_SECONDS'],
  }),
  selfHealLoopLimit: key('self-heal-loop-limit', {
    schema: whole(0, 1_000),
    fallback: '5',
    description:
      'Healings in a row after which an object that somebody else sets back is left alone, with a HealLoopWarning; 0 is never.',
  }),
  syncTimeout: key('sync-timeout', {
    schema: duration,
    fallback: '0',
    description: 'An operation that runs longer is terminated; 0 is never.',
    alias: ['ARGOCD_APPLICATION_CONTROLLER_SYNC_TIMEOUT'],
  }),
  syncPhaseTimeout: key('sync-phase-timeout', {
    schema: duration,
    fallback: '0',
    description:
      'An operation is terminated when one of its phases (PreSync, Sync, PostSync, SyncFail) takes longer; 0 is never.',
  }),
  hookDeadline: key('hook-deadline', {
    schema: duration,
    fallback: '0',
    description:
      'A hook that has not ended after so long has failed, unless its annotation tiphys.io/hook-deadline says otherwise; 0 is never.',
  }),
  syncWaveDelay: key('sync-wave-delay', {
    schema: duration,
    fallback: '2s',
    description: 'Pause between two waves of a sync.',
    alias: ['ARGOCD_SYNC_WAVE_DELAY'],
  }),
  pruneLimit: key('prune-limit', {
    schema: pruneLimit,
    fallback: '',
    description:
      'A sync that would prune more objects of an application than this, such as 10 or 25%, waits for approval; empty is no limit.',
  }),
  repoErrorGracePeriod: key('repo-error-grace-period', {
    schema: duration,
    fallback: '180s',
    description:
      'For so long, failures to load from Git leave the status as it was, unless a refresh was asked for.',
    alias: ['ARGOCD_REPO_ERROR_GRACE_PERIOD_SECONDS'],
  }),
  repoPollInterval: key('repo-poll-interval', {
    schema: duration,
    fallback: '120s',
    description:
      'How often the refs of each repository are asked for; 0 is only when somebody insists: a refresh, a webhook.',
    alias: ['ARGOCD_RECONCILIATION_TIMEOUT'],
  }),
  repoPollJitter: key('repo-poll-jitter', {
    schema: duration,
    fallback: '60s',
    description: 'Random part added to the polling interval of each repository.',
    alias: ['ARGOCD_RECONCILIATION_JITTER'],
  }),
  gitTimeout: key('git-timeout', {
    schema: duration,
    fallback: '90s',
    description: 'Longest time for one fetch.',
    alias: ['ARGOCD_EXEC_TIMEOUT'],
  }),
  gitListTimeout: key('git-list-timeout', {
    schema: duration,
    fallback: '15s',
    description:
      'Longest time for listing the refs of a repository, and for one question to a registry or to who hands out tokens.',
    alias: ['ARGOCD_GIT_REQUEST_TIMEOUT'],
  }),
  gitListAttempts: key('git-list-attempts', {
    schema: whole(1, 100),
    fallback: '1',
    description:
      'How often refs are asked for when the server does not answer in time, cuts the connection or says that it is out of order.',
    alias: ['ARGOCD_GIT_ATTEMPTS_COUNT'],
  }),
  gitListRetryDelay: key('git-list-retry-delay', {
    schema: duration,
    fallback: '250ms',
    description: 'Pause before the second of these attempts.',
    alias: ['ARGOCD_GIT_RETRY_DURATION'],
  }),
  gitListRetryFactor: key('git-list-retry-factor', {
    schema: factor,
    fallback: '2',
    description: 'How many times longer each further pause between them is.',
    alias: ['ARGOCD_GIT_RETRY_FACTOR'],
  }),
  gitListRetryMaxDelay: key('git-list-retry-max-delay', {
    schema: duration,
    fallback: '5s',
    description: 'Longest pause between them.',
    alias: ['ARGOCD_GIT_RETRY_MAX_DURATION'],
  }),
  gitListParallelism: key('git-list-parallelism', {
    schema: whole(0, 1_000),
    fallback: '0',
    description:
      'How many repositories are asked for their refs at the same time; 0 is no bound of its own.',
    alias: ['ARGOCD_GIT_LS_REMOTE_PARALLELISM_LIMIT'],
  }),
  githubAppTokenMinutes: key('github-app-token-minutes', {
    schema: whole(1, 1_000_000),
    fallback: '60',
    description:
      'For so many minutes at the most a token of a GitHub App is used; never longer than it is good for.',
    alias: ['ARGOCD_GITHUB_APP_CREDS_EXPIRATION_DURATION'],
  }),
  gitCacheSize: key('git-cache-size', {
    schema: whole(0, 100_000_000),
    fallback: '10240',
    description:
      'Mirrors of repositories that are not in use go when all take more than so many MiB; 0 is no bound.',
  }),
  gitBlobLimit: key('git-blob-limit', {
    schema: size,
    fallback: '0',
    description:
      'Files of repositories of this size and more are fetched when they are read, the others with their commits; 0: all with their commits.',
  }),
  ociLayerMediaTypes: key('oci-layer-media-types', {
    schema: list,
    fallback: LAYER_MEDIA_TYPES.join(','),
    description: 'Media types of the layer that an artifact of an OCI registry may consist of.',
    alias: ['ARGOCD_REPO_SERVER_OCI_LAYER_MEDIA_TYPES'],
  }),
  ociMaxExtractedSize: key('oci-max-extracted-size', {
    schema: size,
    fallback: '1G',
    description: 'Bytes of an artifact of an OCI registry, packed and unpacked.',
    alias: ['ARGOCD_REPO_SERVER_OCI_MANIFEST_MAX_EXTRACTED_SIZE'],
  }),
  ociDisableMaxExtractedSize: key('oci-disable-max-extracted-size', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description: 'Artifacts of OCI registries may be as large as they are.',
    alias: ['ARGOCD_REPO_SERVER_DISABLE_OCI_MANIFEST_MAX_EXTRACTED_SIZE'],
  }),
  helmMaxExtractedSize: key('helm-max-extracted-size', {
    schema: size,
    fallback: '1G',
    description: 'Bytes of an unpacked chart; Helm has bounds of its own below that.',
    alias: ['ARGOCD_REPO_SERVER_HELM_MANIFEST_MAX_EXTRACTED_SIZE'],
  }),
  helmMaxIndexSize: key('helm-max-index-size', {
    schema: size,
    fallback: '1G',
    description:
      'Bytes of the index of a Helm repository; helm itself may use 1Gi of memory, which a much smaller one can need.',
    alias: ['ARGOCD_REPO_SERVER_HELM_MANIFEST_MAX_INDEX_SIZE'],
  }),
  maxCombinedDirectoryManifestsSize: key('max-combined-directory-manifests-size', {
    schema: size,
    fallback: '10M',
    description: 'Bytes of all manifest files of an Application of plain files; 0 is no bound.',
    alias: ['ARGOCD_REPO_SERVER_MAX_COMBINED_DIRECTORY_MANIFESTS_SIZE'],
  }),
  gitSubmodules: key('git-submodules', {
    schema: truth,
    fallback: 'true',
    description: 'Read submodules as the folders that they are; else leave them out.',
    alias: ['ARGOCD_GIT_MODULES_ENABLED'],
  }),
  verifySignatures: key('verify-signatures', {
    schema: truthOrNo,
    fallback: 'true',
    description: 'Check the signatures that AppProjects ask for; else deploy without.',
    alias: ['ARGOCD_GPG_ENABLED'],
  }),
  hydrator: key('hydrator', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description:
      'Commit what the dry sources of Applications render to, to the branches that their sourceHydrator names.',
    alias: ['ARGOCD_HYDRATOR_ENABLED'],
  }),
  manifestCacheSize: key('manifest-cache-size', {
    schema: whole(0, 1_000_000),
    fallback: '1024',
    description:
      'Renders that are kept on disk over restarts, in MiB; 0 is none. They need --data-dir.',
  }),
  manifestCacheExpiration: key('manifest-cache-expiration', {
    schema: duration,
    fallback: '24h',
    description: 'A render that is older is made again although nothing changed.',
    alias: ['ARGOCD_REPO_SERVER_CACHE_EXPIRATION', 'ARGOCD_REPO_CACHE_EXPIRATION'],
  }),
  appStateCacheExpiration: key('app-state-cache-expiration', {
    schema: duration,
    fallback: '1h',
    description:
      'How long trees and states of Applications stay in Redis; they are renewed before.',
    alias: ['ARGOCD_APP_STATE_CACHE_EXPIRATION'],
  }),
  redis: key('redis', {
    schema: text,
    fallback: '',
    description:
      'Redis in which renders without Secrets are kept for several instances, and where the front side of Argo CD finds what its controller knows, as HOST or HOST:PORT; user and password are read from REDIS_USERNAME and REDIS_PASSWORD.',
    alias: ['REDIS_SERVER'],
  }),
  redisDb: key('redis-db', {
    schema: whole(0, 100_000),
    fallback: '0',
    description: 'Number of the database in Redis.',
    alias: ['REDISDB'],
  }),
  redisTls: key('redis-tls', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description: 'Speak TLS with Redis, with its Sentinels and all nodes of its cluster.',
  }),
  redisCaCertificate: key('redis-ca-certificate', {
    schema: text,
    fallback: '',
    description:
      'File with the authorities that are trusted for Redis; empty means those of the system.',
  }),
  redisClientCertificate: key('redis-client-certificate', {
    schema: text,
    fallback: '',
    description: 'File with the certificate that we show to Redis.',
  }),
  redisClientKey: key('redis-client-key', {
    schema: text,
    fallback: '',
    description: 'File with the private key of that certificate.',
  }),
  redisInsecureSkipTlsVerify: key('redis-insecure-skip-tls-verify', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description: 'Believe whoever answers with TLS to be Redis.',
  }),
  redisCluster: key('redis-cluster', {
    schema: list,
    fallback: '',
    description:
      'Nodes of a Redis cluster, from which all others are learnt, instead of --redis, as HOST or HOST:PORT with commas between; nothing is published there for the front side of Argo CD, which cannot read it.',
  }),
  redisSentinels: key('redis-sentinels', {
    schema: list,
    fallback: '',
    description:
      'Sentinels that are asked where Redis is, instead of --redis, as HOST or HOST:PORT with commas between; user and password are read from REDIS_SENTINEL_USERNAME and REDIS_SENTINEL_PASSWORD.',
  }),
  redisSentinelMaster: key('redis-sentinel-master', {
    schema: text,
    fallback: 'master',
    description: 'Name of the servers at the Sentinels.',
  }),
  redisKeyPrefix: key('redis-key-prefix', {
    schema: text,
    fallback: '',
    description: 'What stands before every key in Redis.',
    alias: ['ARGOCD_REDIS_KEY_PREFIX'],
  }),
  redisCompression: key('redis-compression', {
    schema: word('gzip', 'none'),
    fallback: 'gzip',
    description: 'How values in Redis are packed: gzip or none.',
    alias: ['REDIS_COMPRESSION'],
  }),
  pauseGenerationAfter: key('pause-generation-after', {
    schema: whole(0, 1_000_000),
    fallback: '3',
    description:
      'A render that failed so often is left alone until a new commit, a hard refresh or the end of the pause; 0 is never.',
    alias: ['ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS'],
  }),
  pauseGenerationMinutes: key('pause-generation-minutes', {
    schema: whole(0, 1_000_000),
    fallback: '60',
    description: 'The pause of a render ends so many minutes after its first failure; 0 is never.',
    alias: ['ARGOCD_PAUSE_GEN_MINUTES'],
  }),
  pauseGenerationRequests: key('pause-generation-requests', {
    schema: whole(0, 1_000_000),
    fallback: '0',
    description: 'The pause of a render ends when it was asked for so often; 0 does not end it so.',
    alias: ['ARGOCD_PAUSE_GEN_REQUESTS'],
  }),
  renderTimeout: key('render-timeout', {
    schema: duration,
    fallback: '90s',
    description: 'Longest time for one run of helm, kustomize or a plugin.',
    alias: ['ARGOCD_EXEC_TIMEOUT'],
  }),
  renderParallelism: key('render-parallelism', {
    schema: whole(0, 1_000),
    fallback: '0',
    description:
      'Runs of helm, kustomize and plugins at the same time; 0 means the number of cores.',
    alias: ['ARGOCD_REPO_SERVER_PARALLELISM_LIMIT'],
  }),
  programStopTimeout: key('program-stop-timeout', {
    schema: duration,
    fallback: '2s',
    description:
      'How long git, helm, kustomize and jsonnet may take to end when their time is up, before they are killed.',
    alias: ['ARGOCD_EXEC_FATAL_TIMEOUT'],
  }),
  git: key('git', { schema: text, fallback: 'git', description: 'The git program.' }),
  helm: key('helm', {
    schema: text,
    fallback: 'helm',
    description: 'The helm program.',
    alias: ['HELM'],
  }),
  kustomize: key('kustomize', {
    schema: text,
    fallback: 'kustomize',
    description: 'The kustomize program.',
    alias: ['KUSTOMIZE'],
  }),
  kubectl: key('kubectl', {
    schema: text,
    fallback: 'kubectl',
    description: 'The kubectl program, whose kustomize serves where there is no kustomize.',
    alias: ['KUBECTL'],
  }),
  jsonnet: key('jsonnet', {
    schema: text,
    fallback: 'jsonnet',
    description: 'The jsonnet program (go-jsonnet), for .jsonnet files in folders of manifests.',
    alias: ['JSONNET'],
  }),
  toolCache: key('tool-cache', {
    schema: text,
    fallback: '',
    description:
      'Folder in which helm, kustomize, kubectl and jsonnet are looked for when they are not on PATH; empty means bin in TIPHYS_CACHE, XDG_CACHE_HOME/tiphys or ~/.cache/tiphys.',
  }),
  pluginSocketDir: key('plugin-socket-dir', {
    schema: text,
    fallback: '/home/argocd/cmp-server/plugins',
    description:
      'Folder with the sockets of config management plugins in sidecars; there need not be one.',
    alias: ['ARGOCD_PLUGINSOCKFILEPATH'],
  }),
  pluginDir: key('plugin-dir', {
    schema: text,
    fallback: '',
    description:
      'Folder with the plugin.yaml of plugins whose commands run beside the operator, under any file name; empty means none.',
  }),
  pluginTarExclude: key('plugin-tar-exclude', {
    schema: globs,
    fallback: '',
    description:
      'Globs of files and folders that plugins do not get, from the root of the repository, with semicolons between.',
    alias: ['ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS'],
  }),
  pluginUseManifestGeneratePaths: key('plugin-use-manifest-generate-paths', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description:
      'Plugins get only the deepest folder that holds the application and what its annotation manifest-generate-paths names.',
    alias: ['ARGOCD_REPO_SERVER_PLUGIN_USE_MANIFEST_GENERATE_PATHS'],
  }),
  metricsHost: key('metrics-host', {
    schema: text,
    fallback: '127.0.0.1',
    description: 'Address for metrics and probes; 0.0.0.0 for every address, as a Pod needs.',
  }),
  metricsPort: key('metrics-port', {
    schema: whole(0, 65_535),
    fallback: '8082',
    description: 'Port for metrics and probes; 0 takes a free one and logs it.',
  }),
  metricsApplicationLabels: key('metrics-application-labels', {
    schema: list,
    fallback: '',
    description:
      'Labels of Applications that the metric argocd_app_labels shows, with commas between.',
  }),
  metricsApplicationConditions: key('metrics-application-conditions', {
    schema: list,
    fallback: '',
    description:
      'Types of conditions that the metric argocd_app_condition counts, with commas between.',
  }),
  metricsClusterLabels: key('metrics-cluster-labels', {
    schema: list,
    fallback: '',
    description:
      'Labels of cluster Secrets that the metric argocd_cluster_labels shows, with commas between.',
  }),
  webhookHost: key('webhook-host', {
    schema: text,
    fallback: '127.0.0.1',
    description: 'Address for webhooks; 0.0.0.0 for every address, as a Pod needs.',
  }),
  webhookPort: key('webhook-port', {
    schema: optional(whole(0, 65_535)),
    fallback: '',
    description:
      'Port for webhooks, POST /api/webhook over HTTP; 0 takes a free one and logs it, empty is none.',
  }),
  webhookParallelism: key('webhook-parallelism', {
    schema: whole(1, 10_000),
    fallback: '50',
    description:
      'How many questions to Git servers and annotations of Applications webhooks lead to at the same time.',
    alias: ['ARGOCD_SERVER_WEBHOOK_PARALLELISM_LIMIT'],
  }),
  bitbucketApiUrl: key('bitbucket-api-url', {
    schema: httpUrl,
    fallback: 'https://api.bitbucket.org/2.0',
    description:
      'REST API that is asked about pushes to Bitbucket Cloud, when webhook.bitbucket.uuid is set; it gets the credentials of repositories on bitbucket.org and on its own host.',
  }),
  ...API_KEYS,
  ...SIGN_IN_KEYS,
  leaderElection: key('leader-election', {
    schema: truth,
    fallback: 'false',
    alone: 'true',
    description: 'Work only while holding the lease, so that further instances can stand by.',
  }),
  leaderElectionName: key('leader-election-name', {
    schema: text,
    fallback: 'tiphys',
    description: 'Name of the lease.',
  }),
  leaderElectionLease: key('leader-election-lease', {
    schema: duration,
    fallback: '12s',
    description:
      'For how long after a renewal other instances stay away from the lease; with one look more, how long it takes to follow a killed leader.',
  }),
  leaderElectionRenewDeadline: key('leader-election-renew-deadline', {
    schema: duration,
    fallback: '8s',
    description: 'Work stops when the lease could not be renewed for so long.',
  }),
  leaderElectionRetry: key('leader-election-retry', {
    schema: duration,
    fallback: '2s',
    description: 'Time between attempts to take or renew the lease.',
  }),
  identity: key('identity', {
    schema: text,
    fallback: '',
    description: 'Name of this instance in the lease; empty means host name and a random part.',
  }),
  logLevel: key('log-level', {
    schema: word('debug', 'info', 'warn', 'error'),
    fallback: 'info',
    description: 'Least severe lines that are logged: debug, info, warn or error.',
  }),
  logFormat: key('log-format', {
    schema: word('json', 'text'),
    fallback: 'json',
    description: 'Form of log lines: json or text.',
  }),
};
