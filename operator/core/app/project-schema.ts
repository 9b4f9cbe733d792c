import { z } from 'zod';
import { anyObject, flag, text, texts, whole } from './source-schema.ts';
import type { ProjectSpec } from './types.ts';

// What users write in an AppProject.

const MAX_DESCRIPTION = 255;

const destinations = z
  .array(
    z.object({
      server: text('URL of the API server, a glob; !glob refuses.'),
      name: text('Name of the cluster, a glob; !glob refuses.'),
      namespace: text('Namespace, a glob; !glob refuses.'),
    }),
  )
  .meta({ description: 'Where applications may deploy to. Empty: nowhere.' })
  .optional();

const group = z.string().meta({ description: 'API group, a pattern with * and ?.' });
const kind = z.string().meta({ description: 'Kind, a pattern with * and ?.' });

const clusterRules = (description: string) =>
  z
    .array(z.object({ group, kind, name: text('Name, a pattern. Empty: any.') }))
    .meta({ description })
    .optional();

const namespaceRules = (description: string) =>
  z.array(z.object({ group, kind })).meta({ description }).optional();

const syncWindows = z
  .array(
    z.object({
      kind: z
        .enum(['allow', 'deny'])
        .meta({ description: 'Whether syncs are allowed or denied while the window is open.' })
        .optional(),
      schedule: text('When it opens: cron with five fields.'),
      duration: text('How long it is open, such as 1h30m.'),
      applications: texts('Globs of applications.'),
      namespaces: texts('Globs of destination namespaces.'),
      clusters: texts('Globs of destination clusters.'),
      manualSync: flag('Manual syncs are allowed even when the window is against it.'),
      timeZone: text('IANA time zone of the schedule. Default: UTC.'),
      andOperator: flag('All lists must match instead of any.'),
      syncOverrun: flag('A sync that has begun may go on when the window turns against it.'),
      description: z.string().max(MAX_DESCRIPTION).meta({ description: 'For people.' }).optional(),
    }),
  )
  .meta({ description: 'Times at which syncs are allowed or denied.' })
  .optional();

const orphanedResources = z
  .object({
    warn: flag('Make it a condition of the application.'),
    ignore: z
      .array(
        z.object({
          group: text('API group, a glob.'),
          kind: text('Kind, a glob. Empty: any.'),
          name: text('Name, a glob. Empty: any.'),
        }),
      )
      .meta({ description: 'Objects that are not reported.' })
      .optional(),
  })
  .meta({ description: 'Report objects in destination namespaces that nobody manages.' })
  .optional();

const roles = z
  .array(
    z.object({
      name: z.string().meta({ description: 'Name.' }),
      description: text('For people.'),
      policies: texts('Policy lines: p, proj:PROJECT:ROLE, RESOURCE, ACTION, OBJECT, EFFECT.'),
      groups: texts('Groups of the identity provider that have the role.'),
      jwtTokens: z
        .array(
          z.object({
            iat: z.int().meta({ description: 'Issued at, Unix seconds.', format: 'int64' }),
            exp: whole('Expires at, Unix seconds. 0: never.'),
            id: text('Token id.'),
          }),
        )
        .meta({ description: 'Tokens of the role.' })
        .optional(),
    }),
  )
  .meta({ description: 'Roles for the API server.' })
  .optional();

const sourceIntegrity = z
  .object({
    git: z
      .object({
        policies: z
          .array(
            z.object({
              repos: z
                .array(z.object({ url: z.string().meta({ description: 'Glob; !glob excludes.' }) }))
                .meta({ description: 'Repositories it is about.' })
                .optional(),
              gpg: z
                .object({
                  mode: z
                    .enum(['none', 'head', 'strict'])
                    .meta({ description: 'none, head (the revision) or strict (its history too).' })
                    .optional(),
                  keys: texts('Key ids or fingerprints that are trusted.'),
                })
                .meta({ description: 'Signatures.' })
                .optional(),
            }),
          )
          .meta({ description: 'At most one may match a repository.' })
          .optional(),
      })
      .meta({ description: 'For Git sources.' })
      .optional(),
  })
  .meta({ description: 'Signatures that sources must carry.' })
  .optional();

/** Schema of `spec` of an AppProject. */
export const projectSpecSchema: z.ZodType<ProjectSpec> = z.object({
  description: z.string().max(MAX_DESCRIPTION).meta({ description: 'For people.' }).optional(),
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
  destinationServiceAccounts: z
    .array(
      z.object({
        server: z.string().meta({ description: 'URL of the API server, a glob.' }),
        namespace: text('Destination namespace, a glob.'),
        defaultServiceAccount: z
          .string()
          .meta({ description: 'Service account, name or namespace:name.' }),
      }),
    )
    .meta({ description: 'Service accounts that syncs act as; the first match counts.' })
    .optional(),
  permitOnlyProjectScopedClusters: flag('Allow only clusters registered for this project.'),
  roles,
  signatureKeys: z
    .array(z.object({ keyID: z.string().meta({ description: 'Key id.' }) }))
    .meta({ description: 'Deprecated: use sourceIntegrity.' })
    .optional(),
  sourceIntegrity,
});

/** Schema of `status` of an AppProject, which the API server of the control plane writes. */
export const projectStatusSchema: z.ZodType<object> = z.object({
  jwtTokensByRole: z
    .record(
      z.string(),
      z.object({
        items: z.array(anyObject('A token.')).meta({ description: 'Its tokens.' }).optional(),
      }),
    )
    .meta({ description: 'Issued tokens by role.' })
    .optional(),
});
