import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../objects/json.ts';
import type { ApplicationSource, NameValue, SourceHydrator } from './types.ts';

// The descriptions here are what `kubectl explain` shows. They are repeated for every place of the
// CRD that holds a source, so they are kept short: the CRD must fit into an annotation.

/** An optional text. */
export const text = (description: string): z.ZodOptional<z.ZodString> =>
  z.string().meta({ description }).optional();

/** An optional yes or no. */
export const flag = (description: string): z.ZodOptional<z.ZodBoolean> =>
  z.boolean().meta({ description }).optional();

/** An optional whole number of 64 bits. */
export const whole = (description: string): z.ZodOptional<z.ZodInt> =>
  z.int().meta({ description, format: 'int64' }).optional();

/** An optional list of texts. */
export const texts = (description: string): z.ZodOptional<z.ZodArray<z.ZodString>> =>
  z.array(z.string()).meta({ description }).optional();

/** An optional map from text to text. */
export const textMap = (
  description: string,
): z.ZodOptional<z.ZodRecord<z.ZodString, z.ZodString>> =>
  z.record(z.string(), z.string()).meta({ description }).optional();

/** Any JSON object; the API server keeps every field of it. */
export const anyObject = (description: string): z.ZodType<JsonObject> =>
  z
    .custom<JsonObject>(isJsonObject, { error: 'must be a map' })
    .meta({ description, type: 'object', 'x-kubernetes-preserve-unknown-fields': true });

export const nameValue: z.ZodType<NameValue> = z.object({
  name: z.string().meta({ description: 'Name.' }),
  value: z.string().meta({ description: 'Value.' }),
});

const kubeVersion = text('Kubernetes version to render for. Default: that of the destination.');
const apiVersions = texts(
  'API versions to render for, group/version or group/version/kind. Default: those of the destination.',
);

const helm = z
  .object({
    valueFiles: texts('Values files, relative to the chart, or $ref/path. Later ones win.'),
    parameters: z
      .array(
        z.object({
          name: text('Path of the value, such as image.tag.'),
          value: text('The value.'),
          forceString: flag(
            'Take the value as text even when it looks like a number or a boolean.',
          ),
        }),
      )
      .meta({ description: 'Single values; they win over everything else.' })
      .optional(),
    fileParameters: z
      .array(
        z.object({
          name: text('Path of the value.'),
          path: text('File whose content is the value.'),
        }),
      )
      .meta({ description: 'Single values that are read from files.' })
      .optional(),
    releaseName: text('Release name. Default: the name of the application.'),
    values: text('Values as YAML text.'),
    valuesObject: anyObject('Values as an object; wins over values.').optional(),
    version: text('Helm major version; only v3 and later are known.'),
    passCredentials: flag('Send credentials also to other hosts that the repository links to.'),
    ignoreMissingValueFiles: flag('Leave out values files that do not exist.'),
    skipCrds: flag("Leave out the chart's crds folder."),
    skipTests: flag('Leave out test hooks.'),
    skipSchemaValidation: flag("Do not check values against the chart's schema."),
    namespace: text('Namespace to render with. Default: that of the destination.'),
    kubeVersion,
    apiVersions,
  })
  .meta({ description: 'How to render a Helm chart.' })
  .optional();

const patchTarget = z
  .object({
    group: text('API group.'),
    version: text('API version.'),
    kind: text('Kind.'),
    name: text('Name, as a regular expression.'),
    namespace: text('Namespace, as a regular expression.'),
    annotationSelector: text('Annotation selector.'),
    labelSelector: text('Label selector.'),
  })
  .meta({ description: 'Objects to patch.' })
  .optional();

const kustomize = z
  .object({
    namePrefix: text('Put before every name.'),
    nameSuffix: text('Put after every name.'),
    namespace: text('Namespace of all objects.'),
    images: texts('Image overrides: [name=]image[:tag][@digest].'),
    replicas: z
      .array(
        z.object({
          name: z.string().meta({ description: 'Name of the Deployment or StatefulSet.' }),
          count: z.union([z.int(), z.string()]).meta({
            description: 'Number of replicas.',
            'x-kubernetes-int-or-string': true,
          }),
        }),
      )
      .meta({ description: 'Replica overrides.' })
      .optional(),
    commonLabels: textMap('Labels of all objects.'),
    commonAnnotations: textMap('Annotations of all objects.'),
    forceCommonLabels: flag('Replace labels that the kustomization sets itself.'),
    forceCommonAnnotations: flag('Replace annotations that the kustomization sets itself.'),
    commonAnnotationsEnvsubst: flag('Replace $ARGOCD_… variables in common annotations.'),
    labelWithoutSelector: flag('Leave selectors alone when adding common labels.'),
    labelIncludeTemplates: flag('Label Pod templates too when selectors are left alone.'),
    patches: z
      .array(
        z.object({
          path: text('File of the patch.'),
          patch: text('The patch itself, strategic merge or JSON 6902.'),
          target: patchTarget,
          options: z
            .record(z.string(), z.boolean())
            .meta({ description: 'allowNameChange, allowKindChange.' })
            .optional(),
        }),
      )
      .meta({ description: 'Patches to apply.' })
      .optional(),
    components: texts('Components to add, relative to the path.'),
    ignoreMissingComponents: flag('Leave out components that do not exist.'),
    version: text('Kustomize version to use, by its configured name.'),
    kubeVersion,
    apiVersions,
  })
  .meta({ description: 'How to build a kustomization.' })
  .optional();

const jsonnetVariables = (description: string) =>
  z
    .array(
      z.object({
        name: z.string().meta({ description: 'Name.' }),
        value: z.string().meta({ description: 'Value.' }),
        code: flag('The value is Jsonnet, not text.'),
      }),
    )
    .meta({ description })
    .optional();

const directory = z
  .object({
    recurse: flag('Read folders below the path too.'),
    include: text('Glob of the files to read.'),
    exclude: text('Glob of the files to leave out.'),
    disableExtensionFilter: flag('Read files of any name as manifests.'),
    jsonnet: z
      .object({
        extVars: jsonnetVariables('External variables.'),
        tlas: jsonnetVariables('Top-level arguments.'),
        libs: texts('Library folders, from the root of the repository.'),
      })
      .meta({ description: 'How to evaluate Jsonnet.' })
      .optional(),
  })
  .meta({ description: 'How to read a folder of manifests.' })
  .optional();

const plugin = z
  .object({
    name: text('Name of the plugin. Default: the first that recognises the source.'),
    env: z.array(nameValue).meta({ description: 'Environment variables.' }).optional(),
    parameters: z
      .array(
        z.object({
          name: text('Name.'),
          string: text('A text value.'),
          map: textMap('A map value.'),
          array: texts('A list value.'),
        }),
      )
      .meta({ description: 'Parameters.' })
      .optional(),
  })
  .meta({ description: 'Renders with a config management plugin.' })
  .optional();

const repoURL = z.string().meta({ description: 'Git, Helm or OCI repository.' });

export const sourceSchema: z.ZodType<ApplicationSource> = z.object({
  repoURL,
  path: text('Folder in the repository.'),
  targetRevision: text(
    'Branch, tag, commit or version range; for Helm a chart version. Default: HEAD.',
  ),
  chart: text('Chart name, when the repository is a Helm repository.'),
  ref: text('Makes the source available to values files of other sources as $ref.'),
  name: text('Name of the source, for people.'),
  helm,
  kustomize,
  directory,
  plugin,
});

const drySource = z
  .object({
    repoURL,
    targetRevision: z.string().meta({ description: 'Branch, tag, commit or version range.' }),
    path: z.string().meta({ description: 'Folder in the repository.' }),
    helm,
    kustomize,
    directory,
    plugin,
  })
  .meta({ description: 'What to render.' });

const targetBranch = z.string().meta({ description: 'Branch.' });

export const hydratorSchema: z.ZodType<SourceHydrator> = z.object({
  drySource,
  syncSource: z
    .object({
      targetBranch,
      path: z
        .string()
        .min(1)
        .regex(/^.{2,}|[^./]$/)
        .meta({ description: 'Folder for the rendered manifests; not the root.' }),
      repoURL: text('Repository. Default: that of the dry source.'),
    })
    .meta({ description: 'Where the rendered manifests are committed and synced from.' }),
  hydrateTo: z
    .object({ targetBranch })
    .meta({ description: 'Branch to commit to first, for review before it is merged.' })
    .optional(),
});
