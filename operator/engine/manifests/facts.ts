import type { ApplicationSource } from '../../core/app/types.ts';
import type { GenerateRequest } from '../../ports/generator.ts';

/** What a render may depend on besides files and the parameters of its source. */
export type FactName = 'revision' | 'targetRevision' | 'project' | 'kubeVersion' | 'apiVersions';

/** Each fact as a text that is equal when the fact is. */
export type Facts = Readonly<Record<FactName, string>>;

/**
 * The request with an eye on it: `onUse` is told each fact that the generator asks for. A folder of
 * plain manifests asks for none, so neither a new CRD in the cluster nor a new commit elsewhere renders
 * it again.
 */
export function watchFacts(
  request: GenerateRequest,
  onUse: (name: FactName) => void,
): GenerateRequest {
  const watched = { ...request };
  for (const name of ['revision', 'project', 'kubeVersion', 'apiVersions'] as const) {
    Object.defineProperty(watched, name, {
      enumerable: true,
      get() {
        onUse(name);
        return request[name];
      },
    });
  }
  return watched;
}

/** The same for a source; copying it counts as use of everything in it. */
export function watchSource(
  source: ApplicationSource,
  onUse: (name: FactName) => void,
): ApplicationSource {
  if (source.targetRevision === undefined) return source;
  return Object.defineProperty({ ...source }, 'targetRevision', {
    enumerable: true,
    get() {
      onUse('targetRevision');
      return source.targetRevision;
    },
  });
}
