import { TiphysError } from '../../core/errors.ts';
import type { Credential, RepositoryAccess } from '../../core/repository/access.ts';
import { withoutCredentials } from '../../core/revision/repository-url.ts';
import { sha256 } from '../../runtime/hash.ts';
import { createLruCache } from '../../runtime/lru-cache.ts';
import { createSingleFlight } from '../../runtime/single-flight.ts';
import type { AskOptions } from './ask-json.ts';
import { type AzureIdentity, azureServicePrincipalToken, azureWorkloadToken } from './azure.ts';
import { gitHubAppToken, ownerOf } from './github-app.ts';
import { googleToken } from './google.ts';
import { asking, type Token } from './tokens.ts';

/** A credential that git itself can use. */
export type GitCredential = Extract<Credential, { type: 'none' | 'basic' | 'bearer' | 'ssh' }>;

export interface SignInOptions extends AskOptions {
  readonly azureIdentity?: AzureIdentity | undefined;
  /** A token of a GitHub App is used no longer than this. Default 1 h. */
  readonly gitHubTokenMs?: number | undefined;
}

/** Turns credentials into what git can use; tokens are kept until shortly before they expire. */
export interface SignIn {
  /** Errors: `GitAuthFailed`, `GitUnreachable`; `InvalidConfig` when the registration is unusable. */
  credentialFor(
    repoUrl: string,
    access: RepositoryAccess,
    signal: AbortSignal,
  ): Promise<GitCredential>;
  /** The server did not take it: the next one asks for a new token. */
  forget(repoUrl: string, access: RepositoryAccess): void;
}

const TOKENS_KEPT = 1_000;
const LONGEST_MS = 3_600_000;
/** A token must outlive the fetch that it is handed to. */
const MARGIN_MS = 120_000;

interface Kept {
  readonly credential: GitCredential;
  readonly untilMs: number;
}

export function createSignIn(options: SignInOptions): SignIn {
  const { clock } = options;
  const kept = createLruCache<string, Kept>(TOKENS_KEPT);
  const flights = createSingleFlight();

  async function exchange(
    repoUrl: string,
    access: RepositoryAccess,
    signal: AbortSignal,
  ): Promise<Kept> {
    const { credential, insecure, ...rest } = access;
    const nowMs = clock.now();
    const ask = (who: string, trusting: boolean) =>
      asking(who, { ...rest, insecure: trusting }, options, signal);
    switch (credential.type) {
      case 'none':
      case 'basic':
      case 'bearer':
      case 'ssh':
        return { credential, untilMs: 0 };
      case 'github-app': {
        // An enterprise server that is not checked for git is not checked for its API either.
        const askApi = ask(`GitHub App ${credential.appId}`, insecure);
        const token = await gitHubAppToken(credential, repoUrl, nowMs, askApi);
        return basic('x-access-token', token, options.gitHubTokenMs);
      }
      case 'google': {
        const token = await googleToken(
          credential.key,
          nowMs,
          ask('Google service account', false),
        );
        return basic(token.username, token);
      }
      case 'azure-service-principal':
        return bearer(
          await azureServicePrincipalToken(
            credential,
            ask(`Azure service principal ${credential.clientId}`, false),
          ),
        );
      case 'azure-workload-identity':
        return bearer(
          await azureWorkloadToken(options.azureIdentity, ask('Azure workload identity', false)),
        );
    }
  }

  function until({ lifetimeMs }: Token, longestMs = LONGEST_MS - MARGIN_MS): number {
    return clock.monotonic() + Math.min(lifetimeMs - MARGIN_MS, longestMs);
  }

  function basic(username: string, token: Token, longestMs?: number): Kept {
    const credential = { type: 'basic', username, password: token.value } as const;
    return { credential, untilMs: until(token, longestMs) };
  }

  function bearer(token: Token): Kept {
    return { credential: { type: 'bearer', token: token.value }, untilMs: until(token) };
  }

  return {
    async credentialFor(repoUrl, access, signal) {
      if (access.problem !== undefined) throw unusable(repoUrl, access.problem);
      const key = keyOf(repoUrl, access);
      const known = kept.get(key);
      if (known !== undefined && clock.monotonic() < known.untilMs) return known.credential;
      return await flights.run(
        key,
        async (stop) => {
          const fresh = await exchange(repoUrl, access, stop);
          if (fresh.untilMs > clock.monotonic()) kept.set(key, fresh, 1);
          return fresh.credential;
        },
        signal,
      );
    },
    forget: (repoUrl, access) => kept.delete(keyOf(repoUrl, access)),
  };
}

/** One token serves all repositories of an owner. */
function keyOf(repoUrl: string, { credential, insecure, proxy }: RepositoryAccess): string {
  const owner =
    credential.type === 'github-app' && credential.installationId === undefined
      ? ownerOf(repoUrl).toLowerCase()
      : '';
  return sha256(JSON.stringify([credential, insecure, proxy, owner]));
}

function unusable(repoUrl: string, problem: string): TiphysError {
  const repository = withoutCredentials(repoUrl);
  return new TiphysError('InvalidConfig', `repository ${repository}: ${problem}`, {
    retry: 'backoff', // the Secret is read anew each time
    hint: 'Correct the key in the Secret.',
    fields: { repository },
  });
}
