import { TiphysError } from '../../operator/core/errors.ts';
import type { HelmSource } from '../../operator/core/app/types.ts';
import type { GenerateRequest } from '../../operator/ports/generator.ts';
import { substitute, type Variables } from '../build-environment.ts';
import { plainVersion } from '../kubernetes-version.ts';

/** Files that have been put on disk for one run. */
export interface HelmInputs {
  /** Absolute paths and URLs, weakest first. */
  readonly values: readonly string[];
  /** `--set-file` by parameter name: absolute paths. */
  readonly fileParameters: readonly (readonly [string, string])[];
}

/** The arguments of `helm template` for a source; the chart is the working directory. */
export function helmArguments(
  request: GenerateRequest,
  inputs: HelmInputs,
  variables: Variables,
): readonly string[] {
  const helm = request.source.helm ?? {};
  const { kustomize } = request.source;
  if (!['', 'v3', 'v4'].includes(helm.version ?? '')) {
    throw new TiphysError('InvalidSpec', `helm version '${helm.version}' is not supported`, {
      hint: 'Leave source.helm.version out, or use v3 or v4.',
    });
  }
  const namespace = firstSet(helm.namespace, kustomize?.namespace, request.namespace);
  const kubeVersion = firstSet(helm.kubeVersion, kustomize?.kubeVersion) ?? request.kubeVersion;
  const apiVersions = helm.apiVersions?.length ? helm.apiVersions : request.apiVersions;
  const args = ['template', '.', '--name-template', releaseName(request)];
  if (namespace !== undefined) args.push('--namespace', namespace);
  if (kubeVersion !== '') args.push('--kube-version', plainVersion(kubeVersion));
  args.push(...setFlags(helm, variables));
  for (const [name, path] of inputs.fileParameters) args.push('--set-file', `${name}=${path}`);
  for (const file of inputs.values) args.push('--values', file);
  for (const apiVersion of apiVersions) args.push('--api-versions', apiVersion);
  if (helm.skipCrds !== true) args.push('--include-crds');
  if (helm.skipSchemaValidation === true) args.push('--skip-schema-validation');
  if (helm.skipTests === true) args.push('--skip-tests');
  return args;
}

const MAX_RELEASE_NAME = 53;
const RELEASE_NAME = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

/**
 * The name of the Application without its namespace, unless the source has another. Helm would take a
 * template for it, whose functions read the environment and ask the network: only a name gets there.
 */
function releaseName({ source, appName }: GenerateRequest): string {
  const name = firstSet(source.helm?.releaseName) ?? appName;
  if (name.length > MAX_RELEASE_NAME) {
    throw new TiphysError(
      'InvalidSpec',
      `the Helm release name ${name.slice(0, 100)} has ${name.length} characters, more than ${MAX_RELEASE_NAME}`,
      { hint: 'Set a shorter one in source.helm.releaseName.' },
    );
  }
  if (!RELEASE_NAME.test(name)) {
    throw new TiphysError(
      'InvalidSpec',
      `the Helm release name ${JSON.stringify(name)} is invalid`,
      {
        hint: 'Set one of lower case letters, digits, dashes and dots in source.helm.releaseName; templates are not evaluated there.',
      },
    );
  }
  return name;
}

/** The arguments as people should see them: hundreds of API versions say nothing. */
export function withoutApiVersions(args: readonly string[]): readonly string[] {
  const shown: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const word = args[index] ?? '';
    if (word !== '--api-versions') shown.push(word);
    else {
      index += 1;
      if (shown.at(-1) !== REMOVED) shown.push(REMOVED);
    }
  }
  return shown;
}

const REMOVED = '<api versions removed>';

function setFlags(helm: HelmSource, variables: Variables): string[] {
  const plain = new Map<string, string>();
  const text = new Map<string, string>();
  for (const parameter of helm.parameters ?? []) {
    const name = parameter.name ?? '';
    const value = substitute(parameter.value ?? '', variables);
    (parameter.forceString === true ? text : plain).set(name, escapeCommas(value));
  }
  const args: string[] = [];
  for (const [name, value] of plain) args.push('--set', `${name}=${value}`);
  for (const [name, value] of text) args.push('--set-string', `${name}=${value}`);
  return args;
}

/** For helm a comma ends a value, unless it is escaped or within a list `{…}`. */
export function escapeCommas(value: string): string {
  if (value.startsWith('{') && value.endsWith('}')) return value;
  return value.replace(/(?<!\\),/g, '\\,');
}

function firstSet(...values: readonly (string | undefined)[]): string | undefined {
  return values.find((value) => value !== undefined && value !== '');
}
