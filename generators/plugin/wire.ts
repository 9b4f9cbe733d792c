import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ParameterAnnouncement } from './plugin-config.ts';

// Loads grpc: import this only when a plugin is to be spoken to.

/** Messages of `plugin.proto`, as they arrive: what was not sent has its default. */
export interface StreamMessage {
  readonly metadata?: {
    readonly appName: string;
    readonly appRelPath: string;
    readonly checksum: string;
    readonly size: number;
    readonly env: readonly { readonly name: string; readonly value: string }[];
  } | null;
  readonly file?: { readonly chunk: Buffer } | null;
}

export interface ConfigurationMessage {
  readonly isDiscoveryConfigured: boolean;
  readonly provideGitCreds: boolean;
}

export interface RepositoryMessage {
  readonly isSupported: boolean;
  readonly isDiscoveryEnabled: boolean;
}

export interface ManifestMessage {
  readonly manifests: readonly string[];
  readonly sourceType: string;
}

export interface AnnouncementsMessage {
  readonly parameterAnnouncements: readonly ParameterAnnouncement[];
}

/** Carries the code of our own errors, whose text is known to hold no secrets. */
export const CODE_HEADER = 'tiphys-code';

export type MethodName =
  | 'GenerateManifest'
  | 'CheckPluginConfiguration'
  | 'MatchRepository'
  | 'GetParametersAnnouncement';

let known: ServiceDefinition | undefined;

/** The methods of `plugin.ConfigManagementPluginService`, read from `plugin.proto` beside this file. */
export function pluginService(): ServiceDefinition {
  known ??= load();
  return known;
}

function load(): ServiceDefinition {
  const file = fileURLToPath(new URL('./plugin.proto', import.meta.url));
  const definition = loadSync(file, {
    keepCase: true,
    longs: Number,
    defaults: true,
    oneofs: true,
  });
  const loaded = loadPackageDefinition(definition) as unknown as {
    readonly plugin: {
      readonly ConfigManagementPluginService: { readonly service: ServiceDefinition };
    };
  };
  return loaded.plugin.ConfigManagementPluginService.service;
}
