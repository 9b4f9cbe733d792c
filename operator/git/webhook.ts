import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { JsonValue } from '../core/objects/json.ts';
import type { WebhookSecrets } from '../core/webhook/secrets.ts';
import { parseEvent, type Provider, providerOf, type WebhookEvent } from '../core/webhook/event.ts';

export interface WebhookRequest {
  readonly method: string;
  /** Names in lower case, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** What to answer, and what happened when the status is 200. */
export interface WebhookAnswer {
  readonly status: 200 | 400 | 401 | 405 | 503;
  readonly message: string;
  /** Absent unless it was accepted and concerns somebody. */
  readonly event?: Extract<WebhookEvent, { type: 'push' | 'artifact' }>;
}

/**
 * Reads one webhook: who sent it, whether it is signed, and what it says. Never throws for what was
 * sent; the body is not read further than `maxBytes`. Errors: those of reading the body.
 */
export async function readWebhook(
  request: WebhookRequest,
  secrets: WebhookSecrets,
  maxBytes: number,
): Promise<WebhookAnswer> {
  const headers = plainHeaders(request.headers);
  const provider = providerOf(headers);
  if (provider === undefined) return { status: 400, message: 'Unknown webhook event' };
  if (request.method !== 'POST') return { status: 405, message: 'Only POST is supported' };
  const body = await readBody(request.body, maxBytes);
  if (body === undefined) return unreadable(maxBytes);
  if (!isAuthentic(provider, headers, body, secrets)) return refused(provider);
  const payload = parseJson(body);
  if (payload === undefined) return unreadable(maxBytes);
  const event = parseEvent(provider, nameOf(headers), payload);
  switch (event.type) {
    case 'push': {
      // Nobody has us ask a server who has not shown that he may.
      const { unsaid, ...said } = event;
      const mayAsk = unsaid !== undefined && isSet(secrets.bitbucketUuid);
      return { status: 200, message: 'accepted', event: mayAsk ? event : said };
    }
    case 'artifact':
      return { status: 200, message: 'accepted', event };
    case 'ignored':
      return { status: 200, message: event.reason };
    case 'malformed':
      return { status: 400, message: `Webhook processing failed: ${event.reason}` };
  }
}

function unreadable(maxBytes: number): WebhookAnswer {
  const limit = `${Math.floor(maxBytes / 1_000_000)} MB`;
  const message = `Webhook processing failed: payload must be valid JSON under ${limit}`;
  return { status: 400, message };
}

/** Registries get 401, as the incumbent answers them. */
function refused(provider: Provider): WebhookAnswer {
  const status = provider === 'ghcr' || provider === 'harbor' ? 401 : 400;
  return { status, message: 'Webhook processing failed: the signature is not right' };
}

function plainHeaders(headers: WebhookRequest['headers']): Readonly<Record<string, string>> {
  const plain: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string') plain[name] = value;
  return plain;
}

function nameOf(headers: Readonly<Record<string, string>>): string {
  return (
    headers['x-gogs-event'] ??
    headers['x-github-event'] ??
    headers['x-gitlab-event'] ??
    headers['x-event-key'] ??
    ''
  );
}

async function readBody(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function parseJson(body: Buffer): JsonValue | undefined {
  try {
    return JSON.parse(body.toString('utf8')) as JsonValue;
  } catch {
    return undefined; // answered as unreadable
  }
}

function isAuthentic(
  provider: Provider,
  headers: Readonly<Record<string, string>>,
  body: Buffer,
  secrets: WebhookSecrets,
): boolean {
  const header = (name: string) => headers[name] ?? '';
  switch (provider) {
    case 'azure-devops':
      return isBasic(header('authorization'), secrets);
    case 'gogs':
      return isSigned(secrets.gogs, body, header('x-gogs-signature'));
    case 'github':
    case 'ghcr':
      return isSigned(secrets.github, body, header('x-hub-signature-256'), 'sha256=');
    case 'bitbucket-server':
      return isSigned(secrets.bitbucketServer, body, header('x-hub-signature'), 'sha256=');
    case 'gitlab':
      return !isSet(secrets.gitlab) || isEqual(header('x-gitlab-token'), secrets.gitlab);
    case 'bitbucket-cloud':
      return !isSet(secrets.bitbucketUuid) || isEqual(header('x-hook-uuid'), secrets.bitbucketUuid);
    case 'harbor':
      return isSet(secrets.harbor) && isEqual(header('authorization'), secrets.harbor);
  }
}

function isSet(secret: string | undefined): secret is string {
  return secret !== undefined && secret !== '';
}

function isSigned(
  secret: string | undefined,
  body: Buffer,
  signature: string,
  prefix = '',
): boolean {
  if (!isSet(secret)) return true;
  return isEqual(signature, prefix + createHmac('sha256', secret).update(body).digest('hex'));
}

function isBasic(authorization: string, { azureUsername, azurePassword }: WebhookSecrets): boolean {
  if (!isSet(azureUsername) && !isSet(azurePassword)) return true;
  const expected = Buffer.from(`${azureUsername ?? ''}:${azurePassword ?? ''}`).toString('base64');
  return isEqual(authorization, `Basic ${expected}`);
}

/** In constant time, whatever the lengths. */
function isEqual(left: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(left), digest(right));
}
