export { createManifestSource, type ManifestSourceOptions } from './manifest-source.ts';
