import type { RepositoryAccess } from '../core/repository/access.ts';
import {
  accessTo,
  findNamedRepository,
  repositoriesOfProject,
  writeAccessTo,
} from '../core/repository/find-repository.ts';
import type { KubeObject } from '../core/objects/kube-object.ts';
import { isJsonObject } from '../core/objects/json.ts';
import type { ConfigStore } from '../ports/config-store.ts';

/** Registered repositories, as the Secrets and ConfigMaps say now. */
export interface RepositoryDirectory extends Disposable {
  accessTo(repoUrl: string, project: string): RepositoryAccess;
  /** How to write to a repository; `undefined`: nothing is registered for that. */
  writeAccessTo(repoUrl: string, project: string): RepositoryAccess | undefined;
  /** URL of the Helm repository of a name, as a project sees it. */
  named(name: string, project: string): string | undefined;
  /** URLs registered for this project alone. */
  ofProject(project: string): readonly string[];
  /** PEM of the authorities that are trusted for a host. */
  authorities(host: string): string | undefined;
  /** Armored public keys of `argocd-gpg-keys-cm`, by their names there. */
  signingKeys(): Readonly<Record<string, string>>;
  /**
   * A registration, a known host or an authority changed (`access`), or a key that commits may be signed with
   * (`signing-keys`). The listener must not throw or wait.
   */
  onChange(listener: (what: DirectoryChange) => void): Disposable;
}

export type DirectoryChange = 'access' | 'signing-keys';

const SIGNING_KEYS = 'argocd-gpg-keys-cm';
const MAPS = new Set(['argocd-ssh-known-hosts-cm', 'argocd-tls-certs-cm']);
const ANSWERS_KEPT = 10_000;

/** Remembers answers until the configuration changes: every reconcile asks. */
export function createRepositoryDirectory(config: ConfigStore): RepositoryDirectory {
  const accesses = new Map<string, RepositoryAccess>();
  const projects = new Map<string, readonly string[]>();
  const listeners = new Set<(what: DirectoryChange) => void>();
  const subscription = config.onChange((object) => {
    const what = concerned(object);
    if (what === undefined) return;
    if (what === 'access') {
      accesses.clear();
      projects.clear();
    }
    for (const listener of listeners) listener(what);
  });
  return {
    accessTo: (url, project) =>
      remember(accesses, `${project}\n${url}`, () => accessTo(url, project, config)),
    writeAccessTo: (url, project) => writeAccessTo(url, project, config),
    named: (name, project) => findNamedRepository(name, project, config),
    ofProject: (project) =>
      remember(projects, project, () => repositoriesOfProject(project, config)),
    authorities(host) {
      const data = config.configMap('argocd-tls-certs-cm')?.['data'];
      const pem = isJsonObject(data) ? data[host] : undefined;
      return typeof pem === 'string' && pem.trim() !== '' ? pem : undefined;
    },
    signingKeys() {
      const data = config.configMap(SIGNING_KEYS)?.['data'];
      const entries = Object.entries(isJsonObject(data) ? data : {});
      return Object.fromEntries(
        entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
      );
    },
    onChange(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    [Symbol.dispose]: () => subscription[Symbol.dispose](),
  };
}

/** Any Secret: one that was relabelled is told with its new label only. */
function concerned({ kind, metadata: { name = '' } }: KubeObject): DirectoryChange | undefined {
  if (kind === 'Secret' || MAPS.has(name)) return 'access';
  return name === SIGNING_KEYS ? 'signing-keys' : undefined;
}

function remember<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    if (map.size >= ANSWERS_KEPT) map.clear(); // names come from Applications, which anybody may write
    map.set(key, value);
  }
  return value;
}
