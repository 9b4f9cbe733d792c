import * as z from 'zod/mini';
import { TiphysError } from '../../operator/core/errors.ts';
import { isJsonObject } from '../../operator/core/objects/json.ts';
import type { Announcement } from '../../operator/ports/generator.ts';
import { parseDocuments } from '../yaml/parse-documents.ts';

/** A program and its arguments, as they are given to the system: no shell reads them. */
export interface PluginCommand {
  readonly command: readonly [string, ...string[]];
}

/** How a plugin finds out whether a source is for it; exactly one rule counts. */
export type Discovery =
  | { readonly type: 'none' }
  /** One file in the application's folder. */
  | { readonly type: 'file'; readonly pattern: string }
  /** The same; `**` stands for any number of folders. */
  | { readonly type: 'glob'; readonly pattern: string }
  /** Ends well and prints something. */
  | { readonly type: 'command'; readonly run: PluginCommand };

/** A parameter that people may set, as user interfaces show it. */
export type ParameterAnnouncement = Announcement;

/** A `plugin.yaml`. */
export interface PluginConfig {
  /** Name, and version when there is one: `name-version`. What `source.plugin.name` must say. */
  readonly name: string;
  readonly init: PluginCommand | undefined;
  readonly generate: PluginCommand;
  readonly discovery: Discovery;
  readonly parameters: {
    readonly static: readonly ParameterAnnouncement[];
    readonly dynamic: PluginCommand | undefined;
  };
  /** Executable files stay executable. */
  readonly preserveFileMode: boolean;
  readonly provideGitCreds: boolean;
  /** What a command complained about is told to the caller, not only logged. */
  readonly showStderr: boolean;
  /** Keys that mean nothing here, for a warning. */
  readonly ignored: readonly string[];
}

/** An annotation of the plugin, not of Kubernetes: it promises that standard error holds no secrets. */
const SHOW_STDERR = 'tiphys.io/show-stderr';

const texts = z.array(z.string());
const command = z.object({ command: z.optional(texts), args: z.optional(texts) });

/** A text that is empty when it is absent. */
const text = z._default(z.string(), '');

const announcement = z.object({
  name: z.string(),
  title: text,
  tooltip: text,
  required: z._default(z.boolean(), false),
  itemType: text,
  collectionType: text,
  string: text,
  array: z._default(texts, []),
  map: z._default(z.record(z.string(), z.string()), {}),
});

const announcements = z.array(announcement);

const fileName = z
  .string()
  .check(z.regex(/^[A-Za-z0-9][\w.-]*$/, 'must be letters, digits, - _ and .'));

const spec = z.object({
  version: z.optional(z.union([z.literal(''), fileName])),
  init: z.optional(command),
  generate: command,
  discover: z.optional(
    z.object({
      fileName: z.optional(z.string()),
      find: z.optional(z.extend(command, { glob: z.optional(z.string()) })),
    }),
  ),
  parameters: z.optional(
    z.object({ static: z.optional(announcements), dynamic: z.optional(command) }),
  ),
  preserveFileMode: z._default(z.boolean(), false),
  provideGitCreds: z._default(z.boolean(), false),
  // Each run has a copy of the files to itself: there is nothing left to lock.
  lockRepo: z.optional(z.boolean()),
});

const schema = z.object({
  apiVersion: z.literal('argoproj.io/v1alpha1'),
  kind: z.literal('ConfigManagementPlugin'),
  metadata: z.object({
    name: fileName,
    annotations: z.optional(z.record(z.string(), z.string())),
  }),
  spec,
});

/**
 * Reads a `plugin.yaml`; `file` is named in errors. Errors: `InvalidConfig` with the field.
 */
export function parsePluginConfig(text: string, file: string): PluginConfig {
  const [document, ...more] = readYaml(text, file);
  if (document === undefined || more.length > 0) {
    throw invalid(file, `has ${more.length + (document === undefined ? 0 : 1)} documents, not one`);
  }
  const parsed = schema.safeParse(document);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(file, `${issue?.path.join('.')}: ${issue?.message}`);
  }
  const { metadata, spec: read } = parsed.data;
  const version = read.version ?? '';
  const generate = commandOf(read.generate);
  if (generate === undefined) throw invalid(file, 'spec.generate.command: is missing');
  return {
    name: version === '' ? metadata.name : `${metadata.name}-${version}`,
    init: commandOf(read.init),
    generate,
    discovery: discoveryOf(read.discover),
    parameters: {
      static: read.parameters?.static ?? [],
      dynamic: commandOf(read.parameters?.dynamic),
    },
    preserveFileMode: read.preserveFileMode,
    provideGitCreds: read.provideGitCreds,
    showStderr: metadata.annotations?.[SHOW_STDERR] === 'true',
    ignored: ignoredKeys(document),
  };
}

/** The list that `parameters.dynamic` prints. Errors: `InvalidManifest`; says nothing of the content. */
export function parseAnnouncements(text: string): readonly ParameterAnnouncement[] {
  const hint = 'Print a JSON list of parameters in the form of spec.parameters.static.';
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw new TiphysError('InvalidManifest', 'parameters.dynamic: printed no JSON', { hint });
  }
  const parsed = announcements.safeParse(document);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') ?? '';
  throw new TiphysError('InvalidManifest', `parameters.dynamic: ${where}: has another form`, {
    hint,
  });
}

/** Dynamic ones first; a static one takes the place of a dynamic one of its name. */
export function mergeAnnouncements(
  dynamic: readonly ParameterAnnouncement[],
  fixed: readonly ParameterAnnouncement[],
): readonly ParameterAnnouncement[] {
  const byName = new Map(dynamic.map((one) => [one.name, one]));
  for (const one of fixed) byName.set(one.name, one);
  return [...byName.values()];
}

function readYaml(text: string, file: string): readonly unknown[] {
  try {
    return parseDocuments(text, { file });
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : String(cause));
  }
}

type Command = z.infer<typeof command>;

function commandOf(given: Command | undefined): PluginCommand | undefined {
  const [program, ...rest] = [...(given?.command ?? []), ...(given?.args ?? [])];
  return program === undefined || program === '' ? undefined : { command: [program, ...rest] };
}

function discoveryOf(given: z.infer<typeof spec>['discover']): Discovery {
  if (given?.fileName) return { type: 'file', pattern: given.fileName };
  if (given?.find?.glob) return { type: 'glob', pattern: given.find.glob };
  const run = commandOf(given?.find);
  return run === undefined ? { type: 'none' } : { type: 'command', run };
}

function ignoredKeys(document: unknown): readonly string[] {
  if (!isJsonObject(document as never)) return [];
  const { spec: given } = document as { readonly spec?: object };
  const known = Object.keys(spec.shape);
  const unknown = Object.keys(given ?? {}).filter((key) => !known.includes(key));
  return [...unknown, ...('lockRepo' in (given ?? {}) ? ['lockRepo'] : [])].map(
    (key) => `spec.${key}`,
  );
}

function invalid(file: string, problem: string): TiphysError {
  return new TiphysError('InvalidConfig', `${file}: ${problem}`, {
    hint: 'See docs/plugins.md for the form of a plugin.yaml.',
    fields: { file },
  });
}
