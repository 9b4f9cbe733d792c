import type { CommitSettings } from '../../core/hydrator/commit-message.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { HydratedBranches, RepositoryReader, SourceRepositories } from '../../ports/index.ts';
import type { EnginePorts } from '../ports.ts';

/** What the hydrator reaches the world through. */
export interface HydratorPorts
  extends Pick<
    EnginePorts,
    | 'apps'
    | 'projects'
    | 'projectSettings'
    | 'repositoriesOf'
    | 'clusters'
    | 'manifests'
    | 'events'
    | 'logger'
    | 'clock'
    | 'random'
  > {
  readonly repositories: Pick<SourceRepositories, 'resolve' | 'commit'> & {
    /** Asks a server for its refs now, as after a push. */
    refresh(repoUrl: string, reader: RepositoryReader, signal: AbortSignal): Promise<void>;
  };
  readonly branches: HydratedBranches;
  /** What `argocd-cm` says of commits, as of now. */
  readonly commitSettings: () => CommitSettings;
  /** One YAML document that reads back as this object, with a line end. */
  readonly writeYaml: (object: KubeObject) => string;
}
