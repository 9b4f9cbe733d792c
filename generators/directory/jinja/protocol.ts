import type { JsonObject } from '../../../operator/core/objects/json.ts';

/** What the process gets on its standard input, as JSON. */
export interface TemplateJob {
  /** Texts by path from the root of the repository. */
  readonly templates: Readonly<Record<string, string>>;
  /** Those that become manifests. */
  readonly render: readonly string[];
  /** Where an included name is looked for after the folder of the template that includes it. */
  readonly folders: readonly string[];
  readonly values: JsonObject;
}

/** What it answers, one for each of `render`, until the first that fails. */
export type TemplateResult = { readonly text: string } | { readonly error: string };
