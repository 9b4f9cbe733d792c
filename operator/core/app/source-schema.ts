import * as z from 'zod/mini';
import {
  anyObject,
  described,
  flag,
  listOf,
  part,
  parts,
  text,
  textMap,
  texts,
} from './schema-words.ts';
import type { ApplicationSource, NameValue, SourceHydrator } from './types.ts';

export const nameValue: z.ZodMiniType<NameValue> = z.object({
  name: described('Name.', z.string()),
  value: described('Value.', z.string()),
});

const kubeVersion = text('Kubernetes version to render for. Default: that of the destination.');
const apiVersions = texts(
  'API versions to render for, group/version or group/version/kind. Default: those of the destination.',
);

const helm = part('How to render a Helm chart.', {
  valueFiles: texts('Values files, relative to the chart, or $ref/path. Later ones win.'),
  parameters: parts('Single values; they win over everything else.', {
    name: text('Path of the value, such as image.tag.'),
    value: text('The value.'),
    forceString: flag('Take the value as text even when it looks like a number or a boolean.'),
  }),
  fileParameters: parts('Single values that are read from files.', {
    name: text('Path of the value.'),
    path: text('File whose content is the value.'),
  }),
  releaseName: text('Release name. Default: the name of the application.'),
  values: text('Values as YAML text.'),
  valuesObject: z.optional(anyObject('Values as an object; wins over values.')),
  version: text('Helm major version; only v3 and later are known.'),
  passCredentials: flag('Send credentials also to other hosts that the repository links to.'),
  ignoreMissingValueFiles: flag('Leave out values files that do not exist.'),
  skipCrds: flag("Leave out the chart's crds folder."),
  skipTests: flag('Leave out test hooks.'),
  skipSchemaValidation: flag("Do not check values against the chart's schema."),
  namespace: text('Namespace to render with. Default: that of the destination.'),
  kubeVersion,
  apiVersions,
});

const patchTarget = part('Objects to patch.', {
  group: text('API group.'),
  version: text('API version.'),
  kind: text('Kind.'),
  name: text('Name, as a regular expression.'),
  namespace: text('Namespace, as a regular expression.'),
  annotationSelector: text('Annotation selector.'),
  labelSelector: text('Label selector.'),
});

const kustomize = part('How to build a kustomization.', {
  namePrefix: text('Put before every name.'),
  nameSuffix: text('Put after every name.'),
  namespace: text('Namespace of all objects.'),
  images: texts('Image overrides: [name=]image[:tag][@digest].'),
  replicas: parts('Replica overrides.', {
    name: described('Name of the Deployment or StatefulSet.', z.string()),
    count: described('Number of replicas.', z.union([z.int(), z.string()]), {
      'x-kubernetes-int-or-string': true,
    }),
  }),
  commonLabels: textMap('Labels of all objects.'),
  commonAnnotations: textMap('Annotations of all objects.'),
  forceCommonLabels: flag('Replace labels that the kustomization sets itself.'),
  forceCommonAnnotations: flag('Replace annotations that the kustomization sets itself.'),
  commonAnnotationsEnvsubst: flag('Replace $ARGOCD_… variables in common annotations.'),
  labelWithoutSelector: flag('Leave selectors alone when adding common labels.'),
  labelIncludeTemplates: flag('Label Pod templates too when selectors are left alone.'),
  patches: parts('Patches to apply.', {
    path: text('File of the patch.'),
    patch: text('The patch itself, strategic merge or JSON 6902.'),
    target: patchTarget,
    options: z.optional(
      described('allowNameChange, allowKindChange.', z.record(z.string(), z.boolean())),
    ),
  }),
  components: texts('Components to add, relative to the path.'),
  ignoreMissingComponents: flag('Leave out components that do not exist.'),
  version: text('Kustomize version to use, by its configured name.'),
  kubeVersion,
  apiVersions,
});

const jsonnetVariables = (description: string) =>
  parts(description, {
    name: described('Name.', z.string()),
    value: described('Value.', z.string()),
    code: flag('The value is Jsonnet, not text.'),
  });

const directory = part('How to read a folder of manifests.', {
  recurse: flag('Read folders below the path too.'),
  include: text('Glob of the files to read.'),
  exclude: text('Glob of the files to leave out.'),
  disableExtensionFilter: flag('Read files of any name as manifests.'),
  jsonnet: part('How to evaluate Jsonnet.', {
    extVars: jsonnetVariables('External variables.'),
    tlas: jsonnetVariables('Top-level arguments.'),
    libs: texts('Library folders, from the root of the repository.'),
  }),
  jinja: part('Render Jinja2 templates; files ending in .j2, .jinja or .jinja2.', {
    valueFiles: texts('Values files, relative to the path, or $ref/path. Later ones win.'),
    ignoreMissingValueFiles: flag('Leave out values files that do not exist.'),
    parameters: parts('Single values; they win over files.', {
      name: described('Path of the value, such as image.tag.', z.string()),
      value: described('The value.', z.string()),
      forceString: flag('Take the value as text.'),
    }),
    libs: texts('Folders of templates to include, from the root of the repository.'),
  }),
});

const plugin = part('Renders with a config management plugin.', {
  name: text('Name of the plugin. Default: the first that recognises the source.'),
  env: listOf('Environment variables.', nameValue),
  parameters: parts('Parameters.', {
    name: text('Name.'),
    string: text('A text value.'),
    map: textMap('A map value.'),
    array: texts('A list value.'),
  }),
});

const repoURL = described('Git, Helm or OCI repository.', z.string());

export const sourceSchema: z.ZodMiniType<ApplicationSource> = z.object({
  repoURL,
  path: text('Folder in the repository.'),
  targetRevision: text(
    'Branch, tag, commit or version range; for Helm a chart version. Default: HEAD.',
  ),
  tagPrefix: text('Beginning of the Git tags among which a version or range is looked for.'),
  chart: text('Chart name, when the repository is a Helm repository.'),
  ref: text('Makes the source available to values files of other sources as $ref.'),
  name: text('Name of the source, for people.'),
  helm,
  kustomize,
  directory,
  plugin,
});

const drySource = described(
  'What to render.',
  z.object({
    repoURL,
    targetRevision: described('Branch, tag, commit or version range.', z.string()),
    path: described('Folder in the repository.', z.string()),
    helm,
    kustomize,
    directory,
    plugin,
  }),
);

const targetBranch = described('Branch.', z.string());

export const hydratorSchema: z.ZodMiniType<SourceHydrator> = z.object({
  drySource,
  syncSource: described(
    'Where the rendered manifests are committed and synced from.',
    z.object({
      targetBranch,
      path: described(
        'Folder for the rendered manifests; not the root.',
        z
          .string()
          .check(z.minLength(1))
          .check(z.regex(/^.{2,}|[^./]$/)),
      ),
      repoURL: text('Repository. Default: that of the dry source.'),
    }),
  ),
  hydrateTo: part('Branch to commit to first, for review before it is merged.', { targetBranch }),
});
