import { arch, platform, version as nodeVersion } from 'node:process';
import {
  allRoutes,
  createApi,
  createTerminalServer,
  createTokenCookies,
  startApiServer,
} from '../../api/index.ts';
import { parseDocuments } from '../../generators/index.ts';
import type { ReceiveWebhook } from '../wiring/answer-webhooks.ts';
import type { Config } from '../config/keys.ts';
import type { Connected } from '../wiring/connected.ts';
import { createApplicationViews } from '../engine/views/application-views.ts';
import { createServerCertificate, type ServerCertificate } from '../live/server-certificate.ts';
import type { RedisCacheOptions } from '../wiring/kept-renders.ts';
import { ensureSecrets } from '../identity/ensure-secrets.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { AccessControl } from '../ports/access-control.ts';
import { createAccessControl } from '../rbac/access-control.ts';
import { createDownloads } from '../wiring/download-folder.ts';
import { createExtensionBackends } from '../wiring/extension-backends.ts';
import { createRepositoryProbe } from '../wiring/repository-probe.ts';
import { shownLabels } from '../services/setting.ts';
import type { ControlPlane } from '../services/index.ts';
import { apiTls } from './api-tls.ts';
import { connectIdentity } from './connect-identity.ts';
import { openStates } from './open-states.ts';
import { readBuild, readVersion } from './version.ts';

const DEFAULT_PORT = 8080;
const PLATFORM = `${platform}/${arch === 'x64' ? 'amd64' : arch}`;

export interface ServeApiOptions {
  readonly logger: Logger;
  readonly receiveWebhook: ReceiveWebhook;
  /** What several servers share stands there; absent: this is the only one. */
  readonly redis: RedisCacheOptions | undefined;
}

/** Serves the API of a control plane that is connected; disposing ends it. Errors: `InvalidConfig` when the port cannot be taken. */
export async function serveApi(
  connected: Connected,
  config: Config,
  { logger, receiveWebhook, redis }: ServeApiOptions,
  stopping: AbortSignal,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { clock } = connected.ports;
  const { config: settings } = connected;
  const access = config.apiDisableAuth
    ? everythingAllowed()
    : stack.use(
        createAccessControl({ config: settings, projects: connected.ports.projects, logger }),
      );
  const { namespace } = connected.settings;
  const { client } = connected;
  const { projects } = connected.ports;
  const states = await openStates(redis, connected, logger, stack);
  const basePath = config.apiRootPath === '' ? config.apiBaseHref : config.apiRootPath;
  const { identity, dexProxy } = await connectIdentity(
    { ...{ config: settings, projects, states, access, clock, logger }, random: Math.random },
    config,
    basePath,
    stack,
  );
  const { sessions, tokens, passwords, browser } = identity;
  const certificate = await followCertificate(connected, config, logger, stack, stopping);
  await ensureSecrets(
    {
      ...{ client, config: settings, namespace, passwords, clock, logger },
      needsCertificate: () => certificate !== undefined && certificate.current() === undefined,
    },
    stopping,
  );
  const controlPlane: ControlPlane = {
    ports: {
      ...connected.ports,
      client,
      config: settings,
      access,
      repositories: connected.repositories,
      accessTo: connected.accessTo,
      states,
      ...{ sessions, tokens, passwords, browser },
      charts: connected.charts,
      connectCluster: connected.connectCluster,
      receiveWebhook,
      keyReader: connected.keyReader,
      generators: connected.generators,
      extensions: stack.use(createExtensionBackends()),
      downloads: createDownloads(config.apiDownloadDir),
      allowsAnonymous: () => config.apiDisableAuth || identity.allowsAnonymous(),
      authDisabled: config.apiDisableAuth,
      replaceAllowed: config.apiSyncReplaceAllowed,
      clusterProgramsAllowed: config.apiClusterPrograms,
      probe: createRepositoryProbe({ git: connected.repositories, charts: connected.charts }),
      readYaml: (text: string) => parseDocuments(text, { file: 'YAML' })[0],
    },
    settings: connected.settings,
    views: createApplicationViews(connected.ports, connected.settings, {
      customLabels: () => shownLabels(settings),
    }),
  };
  const tokenCookies = createTokenCookies({
    path: `/${basePath.replaceAll(/^\/+|\/+$/g, '')}`,
    secure: !config.apiInsecure,
    maxCookies: config.apiMaxCookies,
  });
  const app = createApi({
    ...{ controlPlane, clock, logger, stopping },
    routes: allRoutes({
      version: await readVersion(),
      platform: PLATFORM,
      runtime: `node ${nodeVersion}`,
      build: await readBuild(),
      isDescribed: !config.apiDisableSwaggerUi,
      hasExtensions: config.apiProxyExtensions,
    }),
    authenticator: identity.authenticator,
    allowsAnonymous: () => config.apiDisableAuth || identity.allowsAnonymous(),
    tokenCookies,
    proxies: [dexProxy],
    contentTypes: config.apiContentTypes,
    rootPath: config.apiRootPath,
    headers: {
      frameOptions: config.apiXFrameOptions,
      contentSecurityPolicy: config.apiContentSecurityPolicy,
    },
    gzip: config.apiGzip,
    maxOpenPerClient: config.apiMaxRequestsPerClient,
    trustedProxies: config.apiTrustedProxies,
  });
  const upgrade = createTerminalServer({
    ...{ controlPlane, clock, logger, stopping },
    authenticator: identity.authenticator,
    rootPath: config.apiRootPath,
  });
  const { apiHost: host, apiPort: port = DEFAULT_PORT } = config;
  const tls = certificate === undefined ? undefined : apiTls(config, certificate);
  const server = stack.use(
    await startApiServer({ app, upgrade, host, port, ...(tls !== undefined && { tls }) }),
  );
  const scheme = tls === undefined ? 'http' : 'https';
  logger.info({ host, port: server.port, scheme }, 'API');
  return stack.move();
}

/** The certificate of the API, listed and followed; none without TLS. */
async function followCertificate(
  { client, config, settings, ports: { clock, random } }: Connected,
  { apiInsecure }: Config,
  logger: Logger,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<ServerCertificate | undefined> {
  if (apiInsecure) return undefined;
  const { namespace } = settings;
  const certificate = stack.use(
    createServerCertificate({ client, config, namespace, clock, random, logger }),
  );
  await certificate.start(signal);
  return certificate;
}

/** `--api-disable-auth`: every check passes. */
function everythingAllowed(): AccessControl {
  return {
    decide: () => ({ allowed: true, rule: undefined, as: '' }),
    scopes: [],
    problems: [],
    checkRoles: () => [],
    [Symbol.dispose]() {},
  };
}
