import { readFile } from 'node:fs/promises';
import type { Config } from '../config/keys.ts';
import {
  createIdentity,
  type Identity,
  type IdentityOptions,
} from '../identity/create-identity.ts';
import { createDexProxy, type DexProxy } from '../identity/sso/dex-proxy.ts';
import { runDex } from '../identity/sso/run-dex.ts';

/** Who it is, as the flags say, and the way to Dex. */
export interface ConnectedIdentity {
  readonly identity: Identity;
  readonly dexProxy: DexProxy;
}

/** Wires signing in; what it opens is closed with `stack`. Errors: those of reading a file that a flag names. */
export async function connectIdentity(
  options: Omit<IdentityOptions, 'limits' | 'dex' | 'basePath'>,
  config: Config,
  basePath: string,
  stack: AsyncDisposableStack,
): Promise<ConnectedIdentity> {
  const { logger, clock, random } = options;
  const runsDex = config.dex !== '';
  const listen = config.dexServer === '' ? '127.0.0.1:5556' : config.dexServer;
  const server = config.dexServer === '' && !runsDex ? 'argocd-dex-server:5556' : listen;
  const isPlain = runsDex || config.dexServerPlaintext;
  const address = `${isPlain ? 'http' : 'https'}://${server.replace(/^https?:\/\//, '')}`;
  const ca = config.dexServerCa === '' ? '' : await readFile(config.dexServerCa, 'utf8');
  const identity = stack.use(
    createIdentity({
      ...{ ...options, basePath },
      dex: { address, ca },
      limits: {
        maxFailures: config.loginMaxFailures,
        maxFailuresOfAddress: config.loginMaxFailuresPerAddress,
        windowMs: config.loginFailureWindow,
        maxTracked: config.loginMaxTracked,
        maxAtOnce:
          config.loginMaxAtOnce === 0
            ? 0
            : Math.max(1, Math.floor(config.loginMaxAtOnce / config.apiReplicas)),
      },
    }),
  );
  const pathAtDex = () => identity.dexPath();
  const dexProxy = stack.use(createDexProxy({ address, ca, basePath, pathAtDex, logger }));
  if (runsDex)
    stack.use(
      await runDex({ program: config.dex, listen, config: options.config, clock, random, logger }),
    );
  return { identity, dexProxy };
}
