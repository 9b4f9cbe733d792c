import { allRoutes, createApi, startApiServer } from '../../api/index.ts';
import { createMemoryStateCache } from '../cache/memory-state-cache.ts';
import type { Config } from '../config/keys.ts';
import type { Connected } from '../connect-ports.ts';
import { isJsonObject } from '../core/objects/json.ts';
import { createAuthenticator } from '../identity/create-authenticator.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Logger } from '../ports/telemetry.ts';
import { createAccessControl } from '../rbac/access-control.ts';
import type { ControlPlane } from '../services/index.ts';
import { readVersion } from './version.ts';

const DEFAULT_PORT = 8080;

/** Serves the API of a control plane that is connected; disposing ends it. Errors: `InvalidConfig` when the port cannot be taken. */
export async function serveApi(
  connected: Connected,
  config: Config,
  { logger }: { readonly logger: Logger },
  stopping: AbortSignal,
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const { clock } = connected.ports;
  const { config: settings } = connected;
  const access = stack.use(
    createAccessControl({ config: settings, projects: connected.ports.projects, logger }),
  );
  const controlPlane: ControlPlane = {
    ports: {
      ...connected.ports,
      client: connected.client,
      config: settings,
      access,
      repositories: connected.repositories,
      accessTo: connected.accessTo,
      states: createMemoryStateCache({ clock }),
    },
    settings: connected.settings,
  };
  const app = createApi({
    ...{ controlPlane, clock, logger, stopping },
    routes: allRoutes({ version: await readVersion() }),
    authenticator: createAuthenticator(),
    allowsAnonymous: () => allowsAnonymous(settings),
  });
  const { apiHost: host, apiPort: port = DEFAULT_PORT } = config;
  const server = stack.use(await startApiServer({ app, host, port }));
  logger.info({ host, port: server.port }, 'API');
  return stack.move();
}

function allowsAnonymous(config: ConfigStore): boolean {
  const data = config.configMap('argocd-cm')?.['data'];
  return isJsonObject(data) && data['users.anonymous.enabled'] === 'true';
}
