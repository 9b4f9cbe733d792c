import type { PluginSource } from '../../operator/core/app/types.ts';
import { TiphysError } from '../../operator/core/errors.ts';
import type { GenerateRequest } from '../../operator/ports/generator.ts';
import { buildEnvironment, substitute, type Variables } from '../build-environment.ts';
import { plainVersion } from '../kubernetes-version.ts';

export type Environment = Readonly<Record<string, string>>;

/** What the build environment is called, in the order of the documentation. */
const BUILD_VARIABLES = [
  'ARGOCD_APP_NAME',
  'ARGOCD_APP_NAMESPACE',
  'ARGOCD_APP_PROJECT_NAME',
  'ARGOCD_APP_REVISION',
  'ARGOCD_APP_REVISION_SHORT',
  'ARGOCD_APP_REVISION_SHORT_8',
  'ARGOCD_APP_SOURCE_REPO_URL',
  'ARGOCD_APP_SOURCE_PATH',
  'ARGOCD_APP_SOURCE_TARGET_REVISION',
] as const;

/**
 * All variables that a plugin gets for an Application. Names that people choose have a prefix before
 * them, so that nothing the system knows can be set.
 * Errors: `InvalidSpec` for a variable whose name or value no process can have.
 */
export function pluginEnvironment(request: GenerateRequest): Environment {
  const variables = buildEnvironment(request);
  const { kubeVersion, apiVersions, source } = request;
  const env: Record<string, string> = {};
  for (const name of BUILD_VARIABLES) env[name] = variables(name) ?? '';
  env['KUBE_VERSION'] = kubeVersion === '' ? '' : plainVersion(kubeVersion);
  env['KUBE_API_VERSIONS'] = apiVersions.join(',');
  const plugin = source.plugin ?? {};
  Object.assign(env, userVariables(plugin, variables), parameterVariables(plugin));
  for (const [name, value] of Object.entries(env)) {
    if (value.includes('\0')) throw invalid(`${name}: its value has a zero character`);
  }
  return env;
}

function userVariables({ env = [] }: PluginSource, variables: Variables): Environment {
  const result: Record<string, string> = {};
  for (const { name, value } of env) {
    if (name === '' || /[=\0]/.test(name)) {
      throw invalid(`env: ${JSON.stringify(name)} is no name of a variable`);
    }
    result[`ARGOCD_ENV_${name}`] = substitute(value, variables);
  }
  return result;
}

/** The parameters as JSON, and each value in a variable of its own. */
export function parameterVariables({ parameters = [] }: PluginSource): Environment {
  const result: Record<string, string> = { ARGOCD_APP_PARAMETERS: JSON.stringify(parameters) };
  for (const { name = '', string, array, map } of parameters as readonly Parameter[]) {
    const prefix = `PARAM_${variableName(name)}`;
    if (string !== undefined && string !== null) result[prefix] = string;
    for (const [index, item] of (array ?? []).entries()) result[`${prefix}_${index}`] = item;
    for (const [key, item] of Object.entries(map ?? {})) {
      result[`${prefix}_${variableName(key)}`] = item;
    }
  }
  return result;
}

interface Parameter {
  readonly name?: string;
  readonly string?: string | null;
  readonly array?: readonly string[] | null;
  readonly map?: Readonly<Record<string, string>> | null;
}

/** `some-name` → `SOME_NAME`. */
function variableName(text: string): string {
  return text.toUpperCase().replaceAll(/[^A-Z0-9_]/g, '_');
}

function invalid(problem: string): TiphysError {
  return new TiphysError('InvalidSpec', `spec.source.plugin.${problem}`, {
    hint: 'Correct the variable in spec.source.plugin of the Application.',
  });
}
