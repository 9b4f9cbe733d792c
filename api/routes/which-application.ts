import * as z from 'zod/mini';
import { TiphysError } from '../../operator/index.ts';
import {
  type ApplicationFilter,
  type ApplicationName,
  parseLabelSelector,
  selects,
} from '../../operator/services/index.ts';

// How routes are told which Application, or which of them.

type Text = z.ZodMiniOptional<z.ZodMiniString>;
type Texts = z.ZodMiniOptional<z.ZodMiniArray<z.ZodMiniString>>;

export const text: Text = z.optional(z.string());
export const texts: Texts = z.optional(z.array(z.string()));

/** What every route of one Application takes, in its query or, where that is all it reads, in its body. */
export const WHICH: { readonly appNamespace: Text; readonly project: Text } = {
  appNamespace: text,
  project: text,
};

export interface Which {
  readonly appNamespace?: string | undefined;
  readonly project?: string | undefined;
}

/** The Application that a request means. */
export function wantedOf(
  params: Readonly<Record<string, string>>,
  { appNamespace = '', project = '' }: Which,
): ApplicationName {
  return { name: params['name'] ?? '', namespace: appNamespace, project };
}

/** What lists and streams of Applications take. `project` is an older name of `projects`, and counts if given. */
export const FILTER: Readonly<
  Record<'name' | 'selector' | 'repo' | 'appNamespace' | 'fields', Text> &
    Record<'projects' | 'project', Texts>
> = {
  name: text,
  projects: texts,
  project: texts,
  selector: text,
  repo: text,
  appNamespace: text,
  fields: text,
};

export interface FilterQuery {
  readonly name?: string | undefined;
  readonly projects?: readonly string[] | undefined;
  readonly project?: readonly string[] | undefined;
  readonly selector?: string | undefined;
  readonly repo?: string | undefined;
  readonly appNamespace?: string | undefined;
}

/** Errors: `RequestFailed` when the selector cannot be read. */
export function filterOf(query: FilterQuery): ApplicationFilter {
  const { name = '', appNamespace = '', repo = '', project, projects = [], selector = '' } = query;
  const labels = parseLabelSelector(selector);
  return {
    name,
    namespace: appNamespace,
    projects: project ?? projects,
    repository: repo,
    ...(selector.trim() !== '' && { selects: (found) => selects(labels, found) }),
  };
}

/** Errors: `InvalidRequest` when there are several. */
export function onlyProject(project: string | undefined, projects: readonly string[] = []): string {
  if (projects.length > 1)
    throw new TiphysError('InvalidRequest', 'projects: names more than one project');
  return project ?? projects[0] ?? '';
}
