import type { Policy, PolicyRule } from './policy.ts';

const READONLY = 'role:readonly';
const ADMIN = 'role:admin';

const WITHIN_PROJECT = ['applications', 'applicationsets', 'logs'];
const EVERYWHERE = [
  'certificates',
  'clusters',
  'repositories',
  'write-repositories',
  'projects',
  'accounts',
  'gpgkeys',
];
const WRITES = ['create', 'update', 'delete'];

/** The roles that everybody has who comes with policies of their own (`spec/api.md` 6.3). */
export const BUILT_IN_POLICY: Policy = {
  rules: [
    ...allow(READONLY, WITHIN_PROJECT, ['get'], '*/*'),
    ...allow(READONLY, EVERYWHERE, ['get'], '*'),
    ...allow(
      ADMIN,
      ['applications'],
      [...WRITES, 'update/*', 'delete/*', 'sync', 'rollback', 'override', 'action/*'],
      '*/*',
    ),
    ...allow(ADMIN, ['applicationsets'], ['get', ...WRITES], '*/*'),
    ...allow(
      ADMIN,
      ['certificates', 'clusters', 'repositories', 'write-repositories', 'projects'],
      WRITES,
      '*',
    ),
    ...allow(ADMIN, ['accounts'], ['update'], '*'),
    ...allow(ADMIN, ['gpgkeys'], ['create', 'delete'], '*'),
    ...allow(ADMIN, ['exec'], ['create'], '*/*'),
  ],
  links: [
    { subject: ADMIN, role: READONLY },
    { subject: 'admin', role: ADMIN },
  ],
};

function allow(
  subject: string,
  resources: readonly string[],
  actions: readonly string[],
  object: string,
): readonly PolicyRule[] {
  return resources.flatMap((resource) =>
    actions.map(
      (action) =>
        ({ subject, resource, action, object, effect: 'allow', origin: 'built in' }) as const,
    ),
  );
}
