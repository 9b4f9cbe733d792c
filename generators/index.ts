export {
  createChartRepositories,
  type ChartRepositoriesOptions,
} from './helm/chart-repositories.ts';
export { createHelmGenerator, type HelmGeneratorOptions } from './helm/index.ts';
export { createKustomizeGenerator, type KustomizeGeneratorOptions } from './kustomize/index.ts';
export type { ToolOptions } from './process/tool.ts';
export {
  createPluginGenerator,
  type PluginGenerator,
  type PluginGeneratorOptions,
} from './plugin/index.ts';
export type { ParameterAnnouncement } from './plugin/plugin-config.ts';
export { createDirectoryGenerator, type DirectoryGeneratorOptions } from './directory/index.ts';
export type { JinjaOptions } from './directory/jinja/templates.ts';
export type { JsonnetOptions } from './directory/jsonnet.ts';
export { createGeneratorRegistry, defineGenerator } from './registry.ts';
export { buildEnvironment, substitute, type Variables } from './build-environment.ts';
export {
  decodeText,
  DEFAULT_YAML_LIMITS,
  parseDocuments,
  type ParseOptions,
  type YamlLimits,
} from './yaml/parse-documents.ts';
export { parseManifests } from './yaml/parse-manifests.ts';
export type {
  Generated,
  GenerateRequest,
  Generator,
  GeneratorRegistry,
  GeneratorSettings,
  OtherRepository,
  Selection,
  SelectRequest,
} from '../operator/ports/generator.ts';
export type { SourceReach } from '../operator/ports/source-repositories.ts';
export type { Materialised, SourceTree, TreeEntry } from '../operator/ports/source-tree.ts';
export type { ApplicationSource } from '../operator/core/app/types.ts';
export type { JsonObject, JsonValue } from '../operator/core/objects/json.ts';
export type { KubeObject } from '../operator/core/objects/kube-object.ts';
