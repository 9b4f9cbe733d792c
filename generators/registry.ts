import { TiphysError } from '../operator/core/errors.ts';
import type { ApplicationSource } from '../operator/core/app/types.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../operator/core/objects/json.ts';
import type {
  Generator,
  GeneratorRegistry,
  GeneratorSettings,
} from '../operator/ports/generator.ts';
import { mergeSourceOverrides } from './source-overrides.ts';

/** Checks a generator and returns it. Write your own with it: see `examples/custom-generator`. */
export function defineGenerator(generator: Generator): Generator {
  const functions = ['version', 'claims', 'detect', 'generate'] as const;
  if (typeof generator.name !== 'string' || !/^[A-Za-z][A-Za-z0-9-]*$/.test(generator.name)) {
    throw new TiphysError('InvalidConfig', 'generator: name must be letters, digits and dashes');
  }
  for (const name of functions) {
    if (typeof generator[name] === 'function') continue;
    throw new TiphysError(
      'InvalidConfig',
      `generator ${generator.name}: ${name} is not a function`,
    );
  }
  return generator;
}

/**
 * A registry that asks generators in the order given, most particular first, the one for plain
 * folders last. A source that names its type (`source.helm`, …) gets the generator that claims it;
 * any other gets the first that detects its kind of folder.
 */
export function createGeneratorRegistry(generators: readonly Generator[]): GeneratorRegistry {
  const names = new Set<string>();
  for (const generator of generators.map(defineGenerator)) {
    if (names.has(generator.name)) {
      throw new TiphysError('InvalidConfig', `generator ${generator.name}: registered twice`);
    }
    names.add(generator.name);
  }
  const fallback = generators.at(-1);
  if (fallback === undefined) throw new TiphysError('InvalidConfig', 'no generator is registered');

  return {
    generators,
    async select(request, signal) {
      const source = await mergeSourceOverrides(request, signal);
      refuseSeveralTypes(source);
      const claimant = generators.find((generator) => generator.claims(source));
      if (claimant !== undefined) {
        const enabled = isEnabled(claimant, request.settings);
        return { generator: enabled ? claimant : fallback, source };
      }
      if (source.plugin !== undefined) {
        throw new TiphysError(
          'InvalidSpec',
          `spec.source.plugin: no generator for the plugin "${source.plugin.name ?? ''}" is registered`,
          {
            hint: 'Name the folder of its socket with --plugin-socket-dir, or register the generator.',
          },
        );
      }
      for (const generator of generators) {
        if (!isEnabled(generator, request.settings)) continue;
        if (await generator.detect(request.tree, request.path, signal, request))
          return { generator, source };
      }
      return { generator: fallback, source };
    },
  };
}

/**
 * True when a block of a source says something: an empty block, or one with only zero values and
 * keys of `passive`, does not choose a type.
 */
export function isMeaningful(block: object | undefined, passive: readonly string[] = []): boolean {
  if (block === undefined) return false;
  return Object.entries(block).some(
    ([key, value]) => !passive.includes(key) && !isZero(value as JsonValue | undefined),
  );
}

function isZero(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === '' || value === false || value === 0) {
    return true;
  }
  if (isJsonArray(value)) return value.length === 0;
  return isJsonObject(value) && Object.values(value).every(isZero);
}

/** Kustomize flags that mean nothing without the labels and annotations they are about. */
export const KUSTOMIZE_FLAGS: readonly string[] = [
  'labelWithoutSelector',
  'labelIncludeTemplates',
  'forceCommonLabels',
  'forceCommonAnnotations',
  'commonAnnotationsEnvsubst',
];

function refuseSeveralTypes(source: ApplicationSource): void {
  const types: string[] = [];
  if (isMeaningful(source.kustomize, KUSTOMIZE_FLAGS)) types.push('Kustomize');
  if (isMeaningful(source.helm)) types.push('Helm');
  if (isMeaningful(source.directory)) types.push('Directory');
  if (source.plugin !== undefined) types.push('Plugin');
  if (types.length < 2) return;
  throw new TiphysError('InvalidSpec', `multiple application sources defined: ${types.join(',')}`, {
    hint: 'Keep one of source.kustomize, source.helm, source.directory and source.plugin.',
  });
}

function isEnabled(generator: Generator, settings: GeneratorSettings): boolean {
  return settings[generator.name]?.['enabled'] !== false;
}
