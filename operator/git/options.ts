import type { Clock } from '../ports/clock.ts';
import type { AccessLookup } from '../ports/source-repositories.ts';
import type { Logger } from '../ports/telemetry.ts';
import type { ListRetry } from './list-retry.ts';
import type { AzureIdentity } from './sign-in/azure.ts';

export interface GitRepositoriesOptions {
  /** Folder for mirrors and temporary files, ours alone; made when absent. */
  readonly dir: string;
  /** Default `git`, looked up in `path`. */
  readonly program?: string;
  /** Where programs are found, like PATH. Default: the usual system folders. */
  readonly path?: string;
  /** Extra variables for git, such as proxies. Never credentials. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** 0 ≤ x < 1; spreads the polls. */
  readonly random: () => number;
  readonly logger: Logger;
  /** How to get to a repository; asked before every command that talks to its server. */
  readonly access: AccessLookup;
  /** PEM of the authorities trusted for a host that hands out tokens. Default: those of the system. */
  readonly authorities?: (host: string) => string | undefined;
  /** The workload identity of this process. */
  readonly azureIdentity?: AzureIdentity;
  /** A table of refs is served for this long, plus up to the jitter, before the server is asked again; 0: until somebody insists. */
  readonly pollIntervalMs: number;
  readonly pollJitterMs: number;
  /** Polls of repositories on one host are at least so far apart. Default 100 ms. */
  readonly pollSpacingMs?: number;
  /** Longest time for listing refs, or for one question to a registry or to who hands out tokens. Default 15 s. */
  readonly listTimeoutMs?: number;
  /** When and how listings of refs are tried again. Default: they are not. */
  readonly listRetry?: ListRetry;
  /** How many listings of refs may be under way at once; 0: as many as `maxConcurrent` lets. Default 0. */
  readonly maxConcurrentLists?: number;
  /** A token of a GitHub App is used no longer than this, or than its end. Default 1 h. */
  readonly gitHubTokenMs?: number;
  /** Longest time for one fetch. */
  readonly timeoutMs: number;
  /** How long git may take to end when it is told to, before it is killed. Default 2 s. */
  readonly stopMs?: number;
  /** How many git processes may talk to servers at once. */
  readonly maxConcurrent: number;
  /** A mirror is in use for so long after it was read. Default 10 min. */
  readonly idleAfterMs?: number;
  /** Polling stops, and the reading process ends, when a repository was not used for so long. Default `idleAfterMs`. */
  readonly pollIdleMs?: number;
  /** After a failure, askers that do not insist get the same failure for so long. Default 10 s. */
  readonly failureMs?: number;
  /** Mirrors that are not in use go when all take more than this. Default: no bound. */
  readonly maxMirrorBytes?: number;
  /** Files of so many bytes and more are fetched when they are read, unless `access` says otherwise. Default 0: never. */
  readonly blobLimit?: number;
  /** Allows `file://` and plain paths. For tests and the command line only. */
  readonly allowLocal?: boolean;
  readonly maxMaterialisedBytes?: number;
  /** Artifacts of OCI registries. */
  readonly artifacts?: {
    /** Media types of layers that are permitted. Default: tar, tar+gzip and Helm charts. */
    readonly mediaTypes?: readonly string[];
    /** Of one artifact, packed and unpacked. Default 1 GiB. */
    readonly maxBytes?: number;
  };
  /** Default `gpg`, looked up in `path`. */
  readonly gpg?: string;
  /** Armored public keys that may be trusted, by any name. Default: none. */
  readonly signingKeys?: () => Readonly<Record<string, string>>;
  /** When false, nothing asks for signatures. Default true. */
  readonly verifySignatures?: boolean;
  /** Submodules are folders, fetched when they are read; else they are left out. Default true. */
  readonly submodules?: boolean;
}
