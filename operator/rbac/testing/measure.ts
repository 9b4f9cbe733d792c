import { applicationObject } from '../../core/access/access-object.ts';
import type { Caller } from '../../core/access/decide-access.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { Logger } from '../../ports/telemetry.ts';
import { createAccessControl } from '../access-control.ts';

// `node operator/rbac/testing/measure.ts APPLICATIONS ROLES RUNS`: milliseconds of CPU for filtering a list of so many
// Applications for a caller whose groups have so many roles of projects, as JSON.

const [applications = 5_000, roles = 50, runs = 10] = process.argv.slice(2).map(Number);
const OTHERS_PER_PROJECT = 4;
const NAMESPACE = 'argocd';

/** Each project has a role for the caller, which may see half of what is there, and roles of other people. */
function projectOf(index: number): KubeObject {
  const name = `team-${index}`;
  const rule = (role: string, action: string, object: string, effect: string) =>
    `p, proj:${name}:${role}, applications, ${action}, ${name}/${object}, ${effect}`;
  const others = Array.from({ length: OTHERS_PER_PROJECT }, (_, other) => ({
    name: `other-${other}`,
    policies: [
      rule(`other-${other}`, '*', '*', 'allow'),
      rule(`other-${other}`, 'delete', 'p*', 'deny'),
    ],
    groups: [`somebody-${index}-${other}`],
  }));
  const mine = {
    name: 'mine',
    policies: [rule('mine', 'get', 'app-*[02468]', 'allow'), rule('mine', 'sync', '*', 'allow')],
    groups: [`group-${index}`],
  };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name, namespace: NAMESPACE },
    spec: { roles: [...others, mine] as never },
  };
}

/** Each group has a role that counts everywhere too, so that all of them are asked about each Application. */
const policies: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'argocd-rbac-cm', namespace: NAMESPACE },
  data: {
    'policy.csv': Array.from({ length: roles }, (_, index) => [
      `p, role:list-${index}, applications, get, team-${index}/pinned-*, allow`,
      `g, group-${index}, role:list-${index}`,
      ...Array.from(
        { length: OTHERS_PER_PROJECT },
        (_unused, other) =>
          `p, role:other-${index}-${other}, applications, *, team-${index}/*, allow`,
      ),
    ])
      .flat()
      .join('\n'),
  },
};

const projects = new Map(
  Array.from({ length: roles }, (_, index) => [`team-${index}`, projectOf(index)]),
);
const caller: Caller = {
  subject: 'somebody',
  groups: Array.from({ length: roles }, (_, index) => `group-${index}`),
};
const objects = Array.from({ length: applications }, (_, index) => {
  const name = { namespace: NAMESPACE, name: `app-${index}` };
  return applicationObject(`team-${index % roles}`, name, NAMESPACE);
});

/** With the policies compiled anew, and once more with what is compiled. */
function measure(): { readonly firstMs: number; readonly againMs: number; readonly seen: number } {
  const silent = () => {};
  const logger: Logger = {
    ...{ debug: silent, info: silent, warn: silent, error: silent },
    child: () => logger,
  };
  using access = createAccessControl({
    config: { configMap: () => policies, onChange: () => ({ [Symbol.dispose]: silent }) },
    projects: { get: (name) => projects.get(name), onChange: () => ({ [Symbol.dispose]: silent }) },
    logger,
  });
  const list = (): { readonly ms: number; readonly seen: number } => {
    const before = process.cpuUsage();
    const asked = { resource: 'applications', action: 'get' };
    const seen = objects.filter((object) => access.decide(caller, { ...asked, object }).allowed);
    const { user, system } = process.cpuUsage(before);
    return { ms: (user + system) / 1000, seen: seen.length };
  };
  const first = list();
  return { firstMs: first.ms, againMs: list().ms, seen: first.seen };
}

const results = Array.from({ length: runs }, measure);
const spread = (of: (result: (typeof results)[number]) => number) => {
  const sorted = results.map(of).toSorted((left, right) => left - right);
  return { least: sorted[0], most: sorted.at(-1) };
};
process.stdout.write(
  JSON.stringify({
    ...{ applications, roles, runs, seen: results[0]?.seen },
    first: spread(({ firstMs }) => firstMs),
    again: spread(({ againMs }) => againMs),
  }),
);
