import type { KubeObject } from '../../operator/core/objects/kube-object.ts';
import type { SourceTree } from '../../operator/ports/source-tree.ts';
import type { Environment } from './environment.ts';
import type { ParameterAnnouncement } from './plugin-config.ts';
import type { SourceCopy } from './source-copy.ts';

/** One use of a plugin. */
export interface PluginJob {
  /** Instance name of the Application. */
  readonly appName: string;
  readonly tree: SourceTree;
  /** Folder of the application in the tree. */
  readonly path: string;
  /** The same in the copy. */
  readonly pathInCopy: string;
  /** What plugins get of the tree. */
  readonly copy: SourceCopy;
  readonly env: Environment;
}

/** What a plugin says of itself. */
export interface PluginTraits {
  /** It has a rule by which it recognises sources. */
  readonly discovers: boolean;
  /** Its commands are to get the credentials of the repository. */
  readonly wantsCredentials: boolean;
}

/** A plugin, wherever its commands run. Errors and cancellation: as `Generator`. */
export interface Plugin {
  /** What `source.plugin.name` must say. */
  readonly name: string;
  /** Another text when the plugin may have become another one. */
  readonly identity: string;
  check(signal: AbortSignal): Promise<PluginTraits>;
  matches(job: PluginJob, signal: AbortSignal): Promise<boolean>;
  generate(job: PluginJob, signal: AbortSignal): Promise<readonly KubeObject[]>;
  announce(job: PluginJob, signal: AbortSignal): Promise<readonly ParameterAnnouncement[]>;
}
