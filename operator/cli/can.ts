import { formatRule } from '../core/access/policy.ts';
import { isAction, RESOURCES } from '../core/access/vocabulary.ts';
import { TiphysError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { silentLogger } from '../telemetry/silent.ts';
import { parseArguments } from './arguments.ts';
import { EXIT_DIFFERENT, EXIT_OK, type Command } from './command.ts';
import { outputFormat, writeValue } from './output.ts';
import { readPolicies, readProjects, type PolicyData } from './read-policies.ts';

const OPTIONS = {
  policy: { type: 'string' },
  project: { type: 'string' },
  groups: { type: 'string' },
  'default-role': { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

/** No. */
const EXIT_NO = EXIT_DIFFERENT;

export const can: Command = {
  name: 'can',
  summary: 'Tell whether policies allow somebody something, and which line decides',
  usage:
    '--policy FILE [--project FILE] [--groups LIST] [--default-role ROLE] SUBJECT ACTION RESOURCE OBJECT [-o table|json|yaml]',
  help: `FILE is the ConfigMap argocd-rbac-cm, or the lines of its policy.csv; --project adds AppProjects with their roles.
SUBJECT is an account, a user, a role, or proj:PROJECT:ROLE; --groups names what groups a user is in.
Exit code 0: yes. 1: no. 2: an error.

${Object.entries(RESOURCES)
  .map(
    ([name, { actions, prefixes = [], object }]) =>
      `  ${name.padEnd(18)} ${[...actions, ...prefixes.map((prefix) => `${prefix}…`)].join(' ')}, of ${object}`,
  )
  .join('\n')}`,
  async run(args, io) {
    const { values, positionals } = parseArguments(args, OPTIONS);
    const format = outputFormat(values.output, 'table');
    const { subject, ...request } = questionOf(positionals);
    const written = await readPolicies(values.policy, io);
    const defaultRole = values['default-role'];
    const data =
      defaultRole === undefined ? written : { ...written, 'policy.default': defaultRole };
    const groups = values.groups?.split(',').map((group) => group.trim()) ?? [];
    const projects = await readProjects(values.project, io);
    using access = await accessBy(data, projects);
    if (access.problems.length > 0)
      throw new TiphysError('InvalidConfig', `${values.policy}: ${access.problems.join('; ')}`, {
        hint: 'Correct the named lines.',
      });
    const { allowed, as, rule } = access.decide({ subject, groups }, request);
    const answer = {
      allowed,
      as,
      rule: rule === undefined ? '' : formatRule(rule),
      origin: rule?.origin ?? '',
    };
    writeValue(io, format, answer, () =>
      io.stdout.write(`${allowed ? 'yes' : 'no'}: ${reasonOf(answer, subject)}\n`),
    );
    return allowed ? EXIT_OK : EXIT_NO;
  },
};

function reasonOf(
  { as, rule, origin }: { readonly as: string; readonly rule: string; readonly origin: string },
  subject: string,
): string {
  if (rule === '') return `no policy says anything about it for ${subject}`;
  return `${rule} (${origin})${as === subject ? '' : `, as ${as === '' ? 'everybody' : as}`}`;
}

/** The command's own stores: what was read does not change. */
async function accessBy(data: PolicyData, projects: Awaited<ReturnType<typeof readProjects>>) {
  const { createAccessControl } = await import('../rbac/access-control.ts');
  const nothing = { [Symbol.dispose]() {} };
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-rbac-cm' }, data };
  return createAccessControl({
    config: { configMap: () => map, onChange: () => nothing },
    projects: {
      get: (name) => projects.find(({ metadata }) => metadata.name === name),
      onChange: () => nothing,
    },
    logger: silentLogger,
  });
}

function questionOf(words: readonly string[]) {
  const [subject, action, resource, object, ...rest] = words;
  if (object === undefined || rest.length > 0)
    throw new TiphysError('InvalidConfig', 'needs SUBJECT ACTION RESOURCE OBJECT', {
      hint: 'For example: tiphys can --policy policy.csv alice sync applications shop/web; an empty object is "".',
    });
  if (!Object.hasOwn(RESOURCES, resource ?? '')) {
    const nearest = nearestName(resource ?? '', Object.keys(RESOURCES));
    throw new TiphysError('InvalidConfig', `${resource}: is not a resource`, {
      hint:
        nearest === undefined
          ? `One of ${Object.keys(RESOURCES).join(', ')}.`
          : `Did you mean ${nearest}?`,
    });
  }
  if (!isAction(resource ?? '', action ?? ''))
    throw new TiphysError('InvalidConfig', `${action}: is not asked of ${resource}`, {
      hint: `One of ${RESOURCES[resource ?? '']?.actions.join(', ')}; see tiphys can --help.`,
    });
  return { subject: subject ?? '', action: action ?? '', resource: resource ?? '', object };
}
