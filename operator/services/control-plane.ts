import type { JsonValue } from '../core/objects/json.ts';
import type { EnginePorts, EngineSettings } from '../engine/ports.ts';
import type { ApplicationViews } from '../engine/views/application-views.ts';
import type { AccessControl } from '../ports/access-control.ts';
import type { ChartRepositories } from '../ports/chart-repositories.ts';
import type { ClusterConnector } from '../ports/cluster-connector.ts';
import type { BrowserSignIn } from '../ports/browser-sign-in.ts';
import type { Downloads } from '../ports/downloads.ts';
import type { ExtensionBackends } from '../ports/extension-backends.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { Passwords, Sessions, TokenIssuer } from '../ports/identity.ts';
import type { GeneratorRegistry } from '../ports/generator.ts';
import type { KeyReader } from '../ports/key-reader.ts';
import type { KubeClient } from '../ports/kube-client.ts';
import type { RepositoryProbe } from '../ports/repository-probe.ts';
import type { AccessLookup, SourceRepositories } from '../ports/source-repositories.ts';
import type { ReceiveWebhook } from '../ports/webhooks.ts';
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
  readonly browser: BrowserSignIn;
  /** Asks repositories over the network, registered or not. */
  readonly probe: RepositoryProbe;
  readonly charts: ChartRepositories;
  readonly connectCluster: ClusterConnector;
  readonly keyReader: KeyReader;
  /** Takes in a webhook of a Git server or a registry; reads no further than it may be long. */
  readonly receiveWebhook: ReceiveWebhook;
  readonly generators: GeneratorRegistry;
  readonly extensions: ExtensionBackends;
  readonly downloads: Downloads;
  /** Whether those without a token are let in, as nobody in particular. */
  readonly allowsAnonymous: () => boolean;
  /** Everybody may do everything, so there is nobody to hide anything from. */
  readonly authDisabled: boolean;
  /** Whether people may ask for a sync that replaces objects instead of applying them. */
  readonly replaceAllowed: boolean;
  /** Whether a cluster that a client sends may name a program for the server to run. */
  readonly clusterProgramsAllowed: boolean;
  /** The first document of a YAML text. Errors: `InvalidManifest`. */
  readonly readYaml: (text: string) => JsonValue | undefined;
}

/** One control plane, as people and machines ask it for things. */
export interface ControlPlane {
  readonly ports: ServicePorts;
  readonly settings: EngineSettings;
  /** What the registrations of repositories that are asked for are there for. Default: reading. */
  readonly registered?: 'for-reading' | 'for-writing';
  /** What Applications have in their clusters. */
  readonly views: ApplicationViews;
}
