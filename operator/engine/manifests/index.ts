export { createManifestSource, type ManifestSourceOptions } from './manifest-source.ts';
export type { PauseRule } from './pause.ts';
