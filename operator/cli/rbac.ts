import { TiphysError } from '../core/errors.ts';
import { parseProject } from '../core/app/parse.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import type { checkRoles as checkRolesOf } from '../rbac/check-roles.ts';
import { parseArguments } from './arguments.ts';
import { EXIT_DIFFERENT, EXIT_OK, type Command } from './command.ts';
import { outputFormat, writeValue } from './output.ts';
import { readPolicies, readProjects } from './read-policies.ts';

const OPTIONS = {
  policy: { type: 'string' },
  project: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

/** Something is wrong. */
const EXIT_INVALID = EXIT_DIFFERENT;

export const rbac: Command = {
  name: 'rbac',
  summary: 'Check policies before they count',
  usage: 'validate --policy FILE [--project FILE] [-o table|json|yaml]',
  help: `FILE is the ConfigMap argocd-rbac-cm, or the lines of its policy.csv; --project checks the roles of AppProjects.
Exit code 0: they can be used. 1: they cannot. 2: an error. Warnings do not count.`,
  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const format = outputFormat(values.output, 'table');
    if (positionals.length !== 1 || positionals[0] !== 'validate')
      throw new TiphysError('InvalidConfig', `${positionals.join(' ')}: is not what rbac does`, {
        hint: 'tiphys rbac validate --policy FILE',
      });
    if (values.policy === undefined && values.project === undefined)
      throw new TiphysError('InvalidConfig', '--policy FILE is missing');
    const { checkPolicies } = await import('../rbac/check-policies.ts');
    const found = checkPolicies(await readPolicies(values.policy, io));
    const projects = await readProjects(values.project, io);
    const { checkRoles } = await import('../rbac/check-roles.ts');
    const problems = [
      ...found.problems,
      ...projects.flatMap((raw) =>
        problemsOf(raw, checkRoles).map((text) => `${raw.metadata.name}: ${text}`),
      ),
    ];
    const { warnings } = found;
    const result = { valid: problems.length === 0, problems, warnings };
    writeValue(io, format, result, () => {
      for (const problem of problems) io.stdout.write(`problem: ${problem}\n`);
      for (const warning of warnings) io.stdout.write(`warning: ${warning}\n`);
      io.stdout.write(result.valid ? 'valid\n' : 'not valid: none of it would count\n');
    });
    return result.valid ? EXIT_OK : EXIT_INVALID;
  },
};

type CheckRoles = typeof checkRolesOf;

function problemsOf(raw: KubeObject, check: CheckRoles): readonly string[] {
  const parsed = parseProject(raw);
  if (parsed.type === 'invalid')
    return parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  const { name, spec } = parsed.project;
  return check(name, spec.roles ?? []);
}
