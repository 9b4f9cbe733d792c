import { isJsonObject, type JsonObject, type JsonValue } from '../core/objects/json.ts';
import type { ConfigStore } from '../ports/config-store.ts';
import type { GeneratorSettings } from '../ports/generator.ts';
import type { Logger } from '../ports/telemetry.ts';

/** What `argocd-cm` says about Helm, Kustomize and folders, as of now. */
export interface FollowedGeneratorSettings extends Disposable {
  current(): GeneratorSettings;
}

/** Follows the ConfigMap; what makes no sense is logged and left out. */
export function followGeneratorSettings(
  config: ConfigStore,
  logger: Logger,
): FollowedGeneratorSettings {
  let settings = read();

  function read(): GeneratorSettings {
    const found = readGeneratorSettings(config.configMap('argocd-cm')?.['data']);
    for (const problem of found.problems) logger.warn({ problem }, 'argocd-cm has an invalid key');
    return found.settings;
  }

  const subscription = config.onChange((object) => {
    if (object.metadata.name === 'argocd-cm') settings = read();
  });
  return {
    current: () => settings,
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}

interface Read {
  readonly settings: GeneratorSettings;
  readonly problems: readonly string[];
}

/**
 * Reads the keys `helm.enable`, `kustomize.enable`, `jsonnet.enable`, `helm.valuesFileSchemes`,
 * `kustomize.buildOptions`, `kustomize.allowRemoteBases`, and for the kustomize named V
 * `kustomize.path.V` (or `kustomize.version.V`) and `kustomize.buildOptions.V`. Never throws.
 */
export function readGeneratorSettings(data: JsonValue | undefined): Read {
  const keys = isJsonObject(data) ? data : {};
  const problems: string[] = [];
  const text = (key: string): string | undefined => {
    const value = keys[key];
    return typeof value === 'string' ? value.trim() : undefined;
  };
  // Whoever writes the key means something by it: only true is true.
  const enabled = (key: string): JsonObject => {
    const value = text(key);
    return value === undefined || value === 'true' ? {} : { enabled: false };
  };
  const schemes = text('helm.valuesFileSchemes');
  const buildOptions = text('kustomize.buildOptions');
  const versions = byVersion(keys, ['kustomize.path.', 'kustomize.version.'], problems);
  const versionOptions = byVersion(keys, ['kustomize.buildOptions.'], problems);
  return {
    settings: {
      Helm: {
        ...enabled('helm.enable'),
        ...(schemes === undefined ? {} : { valuesFileSchemes: wordsOf(schemes) }),
      },
      Kustomize: {
        ...enabled('kustomize.enable'),
        ...(buildOptions === undefined ? {} : { buildOptions }),
        ...((text('kustomize.allowRemoteBases') ?? 'true') === 'true'
          ? {}
          : { allowRemoteBases: false }),
        ...(Object.keys(versions).length === 0 ? {} : { versions }),
        ...(Object.keys(versionOptions).length === 0 ? {} : { versionOptions }),
      },
      Directory: enabled('jsonnet.enable')['enabled'] === false ? { jsonnet: false } : {},
    },
    problems,
  };
}

/** The values of the keys that begin so, by what follows in them. */
function byVersion(
  keys: JsonObject,
  prefixes: readonly string[],
  problems: string[],
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, value] of Object.entries(keys)) {
    const prefix = prefixes.find((one) => key.startsWith(one) && key.length > one.length);
    if (prefix === undefined || typeof value !== 'string') continue;
    const version = key.slice(prefix.length);
    if (Object.hasOwn(found, version)) problems.push(`${key}: the version ${version} stands twice`);
    else found[version] = value.trim();
  }
  return found;
}

function wordsOf(list: string): string[] {
  return list
    .split(',')
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== '');
}
