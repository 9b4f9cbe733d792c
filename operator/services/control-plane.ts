import type { EnginePorts, EngineSettings } from '../engine/ports.ts';
import type { AccessControl } from '../ports/access-control.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Passwords, Sessions, TokenIssuer } from '../ports/identity.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import type { AccessLookup, SourceRepositories } from '../ports/source-repositories.ts';
import type { StateCache } from '../ports/state-cache.ts';

/** What services reach besides what the engine does. */
export interface ServicePorts extends EnginePorts {
  /** Of the cluster that holds the Applications. */
  readonly client: KubeClient;
  readonly config: ConfigStore;
  readonly access: AccessControl;
  readonly repositories: SourceRepositories;
  /** How a repository is reached, with its credentials. */
  readonly accessTo: AccessLookup;
  readonly states: StateCache;
  readonly sessions: Sessions;
  readonly tokens: TokenIssuer;
  readonly passwords: Passwords;
}

/** One control plane, as people and machines ask it for things. */
export interface ControlPlane {
  readonly ports: ServicePorts;
  readonly settings: EngineSettings;
}
