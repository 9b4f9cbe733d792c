/** What can be asked of a resource; the last words may be prefixes, such as `update/`. */
interface Vocabulary {
  readonly actions: readonly string[];
  /** Further actions that begin so and name an object within the application. */
  readonly prefixes?: readonly string[];
  /** What stands for an object, for people. */
  readonly object: string;
}

const APPLICATION = 'PROJECT/NAME or PROJECT/NAMESPACE/NAME';

/** The resources of policies, and the actions that are asked of each (`spec/api.md` 6.2). */
export const RESOURCES: Readonly<Record<string, Vocabulary>> = {
  applications: {
    actions: ['get', 'create', 'update', 'delete', 'sync', 'rollback', 'override'],
    prefixes: ['action/', 'update/', 'delete/'],
    object: APPLICATION,
  },
  applicationsets: { actions: ['get', 'create', 'update', 'delete'], object: APPLICATION },
  logs: { actions: ['get'], object: APPLICATION },
  exec: { actions: ['create'], object: APPLICATION },
  projects: { actions: ['get', 'create', 'update', 'delete'], object: 'NAME' },
  clusters: {
    actions: ['get', 'create', 'update', 'delete'],
    object: 'SERVER or PROJECT/SERVER',
  },
  repositories: {
    actions: ['get', 'create', 'update', 'delete'],
    object: 'URL or PROJECT/URL',
  },
  'write-repositories': {
    actions: ['get', 'create', 'update', 'delete'],
    object: 'URL or PROJECT/URL',
  },
  accounts: { actions: ['get', 'update'], object: 'NAME' },
  certificates: { actions: ['get', 'create', 'update', 'delete'], object: '""' },
  gpgkeys: { actions: ['get', 'create', 'delete'], object: '""' },
  extensions: { actions: ['invoke'], object: 'NAME' },
};

/** Whether this may be asked at all. */
export function isAction(resource: string, action: string): boolean {
  const known = Object.hasOwn(RESOURCES, resource) ? RESOURCES[resource] : undefined;
  if (known === undefined) return false;
  const within = known.prefixes?.some((prefix) => action.startsWith(prefix)) ?? false;
  return within || known.actions.includes(action);
}
