import type { JsonObject } from '../core/objects/json.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { ApplicationSource } from '../core/app/types.ts';
import type { SourceTree } from './source-tree.ts';

/** Everything a generator may look at. What is not in here must not influence the manifests. */
export interface GenerateRequest {
  /** The repository at the resolved revision. */
  readonly tree: SourceTree;
  /** Folder of the application in the tree, `` for the root. */
  readonly path: string;
  readonly source: ApplicationSource;
  /** Instance name: `name`, or `namespace_name` outside the control-plane namespace. */
  readonly instance: string;
  /** `metadata.name` of the Application. */
  readonly appName: string;
  readonly project: string;
  /** Destination namespace. */
  readonly namespace: string;
  readonly revision: string;
  /** Git version of the destination's API server, e.g. `v1.36.3`. */
  readonly kubeVersion: string;
  /** `group/version` and `group/version/Kind`, sorted. */
  readonly apiVersions: readonly string[];
  /** Trees of the sources with a `ref`, by that name. */
  readonly refs: ReadonlyMap<string, SourceTree>;
  /** The application has several sources, so that `$name/…` in a path must be a `ref`. */
  readonly multipleSources: boolean;
  /** The annotation `argocd.argoproj.io/manifest-generate-paths`, when the Application has it. */
  readonly generatePaths?: string;
  /** Settings of this generator from the configuration, e.g. build options. */
  readonly settings: JsonObject;
  /** Variables with which `git` signs in to the repository; only for whom the administrator trusts. */
  readonly gitEnvironment?: (signal: AbortSignal) => Promise<GitEnvironment>;
}

/** Variables of a `git` process. Values are secrets. Disposing removes the files that they name. */
export interface GitEnvironment extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

export interface Generated {
  readonly objects: readonly KubeObject[];
  /**
   * Paths in the tree that were read by programs, beyond what was read through `request.tree`.
   * A directory stands for everything below it. Together they decide whether a later commit needs
   * a new render.
   */
  readonly readSet: readonly string[];
  /** Other Git repositories that were read: once the revision stands for another commit there, it renders anew. */
  readonly others?: readonly OtherRepository[];
  /** Command lines that were run, for people; without secrets and without paths of this machine. */
  readonly commands?: readonly string[];
}

/** A Git repository that a render has read besides that of its source. */
export interface OtherRepository {
  readonly repoUrl: string;
  /** As it is named; empty: HEAD. */
  readonly revision: string;
  /** What it stood for. */
  readonly commit: string;
}

/**
 * Turns a source into Kubernetes objects. The main extension point of Tiphys: see `defineGenerator`.
 *
 * Errors: throw `TiphysError` with `InvalidManifest`, `RenderFailed`, `UnsafePath`, `PathNotFound`,
 * `LimitExceeded` or `ToolMissing`. Cancellation: reject with `signal.reason`, and leave no child
 * process behind.
 */
export interface Generator {
  /** Shown as `status.sourceType`: `Directory`, `Helm`, `Kustomize`, `Plugin` or the name of your own. */
  readonly name: string;
  /**
   * Identifies program and version, so that an upgrade renders anew, e.g. `helm 4.2.3`; with `settings`
   * (those of this generator) also the programs that they name.
   */
  version(signal: AbortSignal, settings?: JsonObject): Promise<string>;
  /**
   * What `detect` goes by besides the files, when there is something: sources that name no type are
   * rendered anew when it changes. Cheap: it is asked for at every look into the cache.
   */
  detectVersion?(signal: AbortSignal): Promise<string>;
  /** Whether the source asks for this generator by name (`source.helm` set, …). */
  claims(source: ApplicationSource): boolean;
  /** Whether the folder looks like input for it; `request` is what the choice may depend on. */
  detect(
    tree: SourceTree,
    path: string,
    signal: AbortSignal,
    request: SelectRequest,
  ): Promise<boolean>;
  generate(request: GenerateRequest, signal: AbortSignal): Promise<Generated>;
  /** The parameters that people may set, as clients are told of them; absent: it does not tell. Errors: as `generate`. */
  announcements?(request: GenerateRequest, signal: AbortSignal): Promise<readonly Announcement[]>;
}

/** One parameter that may be set, with its default in the member that its collection type names. */
export interface Announcement {
  readonly name: string;
  readonly title: string;
  readonly tooltip: string;
  readonly required: boolean;
  readonly itemType: string;
  /** `string`, `array` or `map`. */
  readonly collectionType: string;
  readonly string: string;
  readonly array: readonly string[];
  readonly map: Readonly<Record<string, string>>;
}

/** What the choice of a generator may depend on. */
export interface SelectRequest {
  readonly tree: SourceTree;
  readonly path: string;
  readonly source: ApplicationSource;
  readonly instance: string;
  /** The annotation `argocd.argoproj.io/manifest-generate-paths`, when the Application has it. */
  readonly generatePaths?: string;
  /** By generator name; `enabled: false` switches one off. */
  readonly settings: GeneratorSettings;
}

/** Settings of each generator by its name, as the administrator configured them. */
export type GeneratorSettings = Readonly<Record<string, JsonObject>>;

export interface Selection {
  readonly generator: Generator;
  /** The source with the overrides of `.argocd-source.yaml` in the folder. */
  readonly source: ApplicationSource;
}

/** Every generator an installation knows, and the rules by which a source gets one of them. */
export interface GeneratorRegistry {
  readonly generators: readonly Generator[];
  /** Errors: `InvalidSpec` for contradictory sources and overrides, `UnsafePath`. */
  select(request: SelectRequest, signal: AbortSignal): Promise<Selection>;
}
