import * as z from 'zod/mini';
import {
  anyObject,
  described,
  flag,
  listOf,
  part,
  parts,
  text,
  texts,
  whole,
} from './schema-words.ts';
import type { ProjectSpec } from './types.ts';

// What users write in an AppProject.

const MAX_DESCRIPTION = 255;

const destinations = parts('Where applications may deploy to. Empty: nowhere.', {
  server: text('URL of the API server, a glob; !glob refuses.'),
  name: text('Name of the cluster, a glob; !glob refuses.'),
  namespace: text('Namespace, a glob; !glob refuses.'),
});

const group = described('API group, a pattern with * and ?.', z.string());
const kind = described('Kind, a pattern with * and ?.', z.string());

const clusterRules = (description: string) =>
  parts(description, { group, kind, name: text('Name, a pattern. Empty: any.') });

const namespaceRules = (description: string) => parts(description, { group, kind });

const syncWindows = parts('Times at which syncs are allowed or denied.', {
  kind: z.optional(
    described(
      'Whether syncs are allowed or denied while the window is open.',
      z.enum(['allow', 'deny']),
    ),
  ),
  schedule: text('When it opens: cron with five fields.'),
  duration: text('How long it is open, such as 1h30m.'),
  applications: texts('Globs of applications.'),
  namespaces: texts('Globs of destination namespaces.'),
  clusters: texts('Globs of destination clusters.'),
  manualSync: flag('Manual syncs are allowed even when the window is against it.'),
  timeZone: text('IANA time zone of the schedule. Default: UTC.'),
  andOperator: flag('All lists must match instead of any.'),
  syncOverrun: flag('A sync that has begun may go on when the window turns against it.'),
  description: z.optional(described('For people.', z.string().check(z.maxLength(MAX_DESCRIPTION)))),
});

const orphanedResources = part('Report objects in destination namespaces that nobody manages.', {
  warn: flag('Make it a condition of the application.'),
  ignore: parts('Objects that are not reported.', {
    group: text('API group, a glob.'),
    kind: text('Kind, a glob. Empty: any.'),
    name: text('Name, a glob. Empty: any.'),
  }),
});

const roles = parts('Roles for the API server.', {
  name: described('Name.', z.string()),
  description: text('For people.'),
  policies: texts('Policy lines: p, proj:PROJECT:ROLE, RESOURCE, ACTION, OBJECT, EFFECT.'),
  groups: texts('Groups of the identity provider that have the role.'),
  jwtTokens: parts('Tokens of the role.', {
    iat: described('Issued at, Unix seconds.', z.int(), { format: 'int64' }),
    exp: whole('Expires at, Unix seconds. 0: never.'),
    id: text('Token id.'),
  }),
});

const sourceIntegrity = part('Signatures that sources must carry.', {
  git: part('For Git sources.', {
    policies: parts('At most one may match a repository.', {
      repos: parts('Repositories it is about.', {
        url: described('Glob; !glob excludes.', z.string()),
      }),
      gpg: part('Signatures.', {
        mode: z.optional(
          described(
            'none, head (the revision) or strict (its history too).',
            z.enum(['none', 'head', 'strict']),
          ),
        ),
        keys: texts('Key ids or fingerprints that are trusted.'),
      }),
    }),
  }),
});

/** Schema of `spec` of an AppProject. */
export const projectSpecSchema: z.ZodMiniType<ProjectSpec> = z.object({
  description: z.optional(described('For people.', z.string().check(z.maxLength(MAX_DESCRIPTION)))),
  sourceRepos: texts('Repositories applications may use, globs; !glob refuses. Empty: none.'),
  destinations,
  sourceNamespaces: texts(
    'Namespaces besides that of the control plane whose Applications may use the project: globs, or /regular expressions/.',
  ),
  clusterResourceWhitelist: clusterRules('Cluster-scoped kinds that are allowed. Empty: none.'),
  clusterResourceBlacklist: clusterRules('Cluster-scoped kinds that are refused.'),
  namespaceResourceWhitelist: namespaceRules(
    'Namespaced kinds that are allowed. Absent: all. Empty: none.',
  ),
  namespaceResourceBlacklist: namespaceRules('Namespaced kinds that are refused.'),
  orphanedResources,
  syncWindows,
  destinationServiceAccounts: parts('Service accounts that syncs act as; the first match counts.', {
    server: described('URL of the API server, a glob.', z.string()),
    namespace: text('Destination namespace, a glob.'),
    defaultServiceAccount: described('Service account, name or namespace:name.', z.string()),
  }),
  permitOnlyProjectScopedClusters: flag('Allow only clusters registered for this project.'),
  roles,
  signatureKeys: parts('Deprecated: use sourceIntegrity.', {
    keyID: described('Key id.', z.string()),
  }),
  sourceIntegrity,
});

/** Schema of `status` of an AppProject, which the API server of the control plane writes. */
export const projectStatusSchema: z.ZodMiniType<object> = z.object({
  jwtTokensByRole: z.optional(
    described(
      'Issued tokens by role.',
      z.record(
        z.string(),
        z.object({
          items: listOf('Its tokens.', anyObject('A token.')),
        }),
      ),
    ),
  ),
});
