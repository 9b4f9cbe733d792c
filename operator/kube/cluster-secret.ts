import * as z from 'zod/mini';
import { TiphysError } from '../core/errors.ts';
import { isJsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import { systemClock } from '../runtime/clock.ts';
import type { KubeConnection } from './connection.ts';
import { connectionFromUser } from './kubeconfig.ts';

/** The JSON under `config` of a cluster secret. Unknown keys are let pass: newer installations may know more. */
const configSchema = z.object({
  username: textOr(''),
  password: textOr(''),
  bearerToken: textOr(''),
  tlsClientConfig: z.prefault(
    z.object({
      insecure: z._default(z.boolean(), false),
      serverName: textOr(''),
      caData: textOr(''),
      certData: textOr(''),
      keyData: textOr(''),
    }),
    {},
  ),
  awsAuthConfig: z.optional(z.unknown()),
  execProviderConfig: z.nullish(
    z.object({
      command: z.string().check(z.minLength(1)),
      args: z.nullish(z.array(z.string())),
      env: z.nullish(z.record(z.string(), z.string())),
      apiVersion: textOr('client.authentication.k8s.io/v1'),
    }),
  ),
  disableCompression: z._default(z.boolean(), false),
  proxyUrl: textOr(''),
});

function textOr(fallback: string): z.ZodMiniDefault<z.ZodMiniString> {
  return z._default(z.string(), fallback);
}

/**
 * The connection that a cluster secret describes. Errors: `InvalidConfig` naming the secret and the
 * key, never a value; so for `awsAuthConfig`, which needs a program of the cloud (use
 * `execProviderConfig`).
 */
export function connectionFromClusterSecret(
  secret: KubeObject,
  clock: Clock = systemClock,
): KubeConnection {
  const name = secret.metadata.name ?? '';
  const refuse = (what: string, hint?: string): never => {
    throw new TiphysError(
      'InvalidConfig',
      `Secret/${secret.metadata.namespace ?? ''}/${name}: not a usable cluster: ${what}`,
      hint === undefined ? {} : { hint },
    );
  };

  const server = textOf(secret, 'server').replace(/\/+$/, '');
  if (!URL.canParse(server)) refuse('key "server" is not a URL');
  const config = parseConfig(textOf(secret, 'config'), refuse);
  if (config.awsAuthConfig !== undefined && config.awsAuthConfig !== null) {
    refuse('awsAuthConfig is not supported', 'Use execProviderConfig with "aws eks get-token".');
  }
  const { tlsClientConfig: tls, execProviderConfig: exec, username, password } = config;
  const ca = pemOf(tls.caData);
  const cert = pemOf(tls.certData);
  const key = pemOf(tls.keyData);

  const connection: KubeConnection = {
    server,
    ...(ca === '' ? {} : { ca }),
    ...(cert === '' ? {} : { cert }),
    ...(key === '' ? {} : { key }),
    ...(tls.insecure ? { insecure: true } : {}),
    ...(tls.serverName === '' ? {} : { serverName: tls.serverName }),
    ...(config.bearerToken === '' ? {} : { token: config.bearerToken }),
    ...(username === '' ? {} : { basic: { username, password } }),
    ...(config.proxyUrl === '' ? {} : { proxyUrl: config.proxyUrl }),
    compressLists: !config.disableCompression,
  };
  if (exec === undefined || exec === null) return connection;
  const dynamic = connectionFromUser(
    {
      name,
      server,
      skipTLSVerify: tls.insecure,
      ...(tls.caData === '' ? {} : { caData: tls.caData }),
    },
    {
      name,
      exec: {
        command: exec.command,
        args: exec.args ?? [],
        env: Object.entries(exec.env ?? {}).map(([key, value]) => ({ name: key, value })),
        apiVersion: exec.apiVersion,
      },
    },
    clock,
  );
  return { ...dynamic, ...connection };
}

function parseConfig(text: string, refuse: (what: string) => never): z.infer<typeof configSchema> {
  let raw: unknown;
  try {
    raw = text === '' ? {} : JSON.parse(text);
  } catch {
    // The parser's own words may quote the text, which holds credentials.
    return refuse('key "config" is not JSON');
  }
  const parsed = configSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map((issue) => issue.path.join('.') || 'config');
  return refuse(`key "config" has a wrong type at ${[...new Set(paths)].join(', ')}`);
}

/** A decoded key of a Secret; empty when absent. */
function textOf(secret: KubeObject, key: string): string {
  const data = isJsonObject(secret['data']) ? secret['data'] : {};
  const value = data[key];
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8').trim() : '';
}

function pemOf(base64: string): string {
  return base64 === '' ? '' : Buffer.from(base64, 'base64').toString('utf8');
}
