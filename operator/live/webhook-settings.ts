import { parseDuration } from '../core/app/duration.ts';
import type { RefreshSpread } from '../core/webhook/refresh-spread.ts';
import type { WebhookSecrets } from '../core/webhook/secrets.ts';
import { isJsonObject, type JsonValue } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { ConfigStore } from '../ports/config-store.ts';

/** What the administrator says about webhooks. */
export interface WebhookSettings {
  readonly secrets: WebhookSecrets;
  /** Longest body. */
  readonly maxBytes: number;
}

const KEYS: Readonly<Record<keyof WebhookSecrets, string>> = {
  github: 'webhook.github.secret',
  gitlab: 'webhook.gitlab.secret',
  gogs: 'webhook.gogs.secret',
  bitbucketUuid: 'webhook.bitbucket.uuid',
  bitbucketServer: 'webhook.bitbucketserver.secret',
  azureUsername: 'webhook.azuredevops.username',
  azurePassword: 'webhook.azuredevops.password',
  harbor: 'webhook.harbor.secret',
};

const DEFAULT_MEGABYTES = 50;
const MAX_MEGABYTES = 1_000;
const DEFAULT_THRESHOLD = 10;
const MAX_JITTER_MS = 3_600_000;
/** Cannot be guessed by whoever reads this file, and is never the answer to anything. */
const UNRESOLVED = '\u0000unresolved';

/**
 * Secrets from `argocd-secret`, the bound from `webhook.maxPayloadSizeMB` of `argocd-cm`. A value may
 * be `$key` (of `argocd-secret`) or `$name:key` (of another Secret that is a part of Argo CD); one that
 * leads nowhere refuses every webhook that it was to check, for no check is no answer to a mistake.
 */
export function readWebhookSettings(config: ConfigStore): WebhookSettings {
  const own = config.secret('argocd-secret');
  const secrets: Partial<Record<keyof WebhookSecrets, string>> = {};
  for (const [name, key] of Object.entries(KEYS)) {
    const value = resolve(valueOf(own, key), config);
    if (value !== undefined && value !== '') secrets[name as keyof WebhookSecrets] = value;
  }
  const data = config.configMap('argocd-cm')?.['data'];
  const megabytes = isJsonObject(data)
    ? readMegabytes(data['webhook.maxPayloadSizeMB'])
    : undefined;
  return { secrets, maxBytes: (megabytes ?? DEFAULT_MEGABYTES) * 1_000_000 };
}

/**
 * `webhook.refresh.jitter` (a duration, default none, an hour at most) and `webhook.refresh.jitter.threshold` (default 10)
 * of `argocd-cm`. What makes no sense counts as absent.
 */
export function readRefreshSpread(config: Pick<ConfigStore, 'configMap'>): RefreshSpread {
  const data = config.configMap('argocd-cm')?.['data'];
  const texts = isJsonObject(data) ? data : {};
  const textOf = (key: string) => {
    const value = texts[`webhook.refresh.${key}`];
    return typeof value === 'string' ? value.trim() : '';
  };
  const jitterMs = parseDuration(textOf('jitter')) ?? 0;
  const threshold = /^\d{1,6}$/.test(textOf('jitter.threshold'))
    ? Number(textOf('jitter.threshold'))
    : DEFAULT_THRESHOLD;
  return { jitterMs: Math.min(Math.max(jitterMs, 0), MAX_JITTER_MS), threshold };
}

function resolve(value: string | undefined, config: ConfigStore): string | undefined {
  const reference = /^\$(?:([^:\s]+):)?([^:\s]+)$/.exec(value ?? '');
  if (reference === null) return value;
  const [, secret = 'argocd-secret', key = ''] = reference;
  return valueOf(config.secret(secret), key) ?? UNRESOLVED;
}

function valueOf(secret: KubeObject | undefined, key: string): string | undefined {
  const data = secret?.['data'];
  const value = isJsonObject(data) ? data[key] : undefined;
  return typeof value === 'string'
    ? Buffer.from(value, 'base64').toString('utf8').trim()
    : undefined;
}

function readMegabytes(value: JsonValue | undefined): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,4}$/.test(value.trim())) return undefined;
  const megabytes = Number(value);
  return megabytes > 0 ? Math.min(megabytes, MAX_MEGABYTES) : undefined;
}
