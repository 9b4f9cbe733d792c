import { applicationObject } from '../../core/access/access-object.ts';
import type { Requester } from '../../core/access/requester.ts';
import { isApplicationNamespace } from '../../core/app/names.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';
import type { ControlPlane } from '../control-plane.ts';
import { projectNameOf } from './find-application.ts';

/** Which Applications; what is empty or absent leaves nothing out. */
export interface ApplicationFilter {
  readonly name?: string;
  readonly namespace?: string;
  readonly projects?: readonly string[];
  /** Whether the labels are those that are wanted. */
  readonly selects?: (labels: Readonly<Record<string, string>>) => boolean;
  /** URL of the first source. */
  readonly repository?: string;
}

/** The Applications that somebody may see, sorted by name, as the API server holds them. */
export function listApplications(
  controlPlane: ControlPlane,
  requester: Requester,
  filter: ApplicationFilter,
): readonly KubeObject[] {
  const visible = controlPlane.ports.apps
    .list()
    .filter((app) => isWanted(app, filter) && maySee(app, requester, controlPlane));
  return visible.sort((left, right) => compareNames(nameOf(left), nameOf(right)));
}

/** Whether an Application passes a filter, whoever asks. */
export function isWanted(app: KubeObject, filter: ApplicationFilter): boolean {
  const { name = '', namespace = '', projects = [], selects, repository = '' } = filter;
  const { metadata } = app;
  return (
    (name === '' || metadata.name === name) &&
    (namespace === '' || metadata.namespace === namespace) &&
    (projects.length === 0 || projects.includes(projectNameOf(app))) &&
    (repository === '' || firstRepository(app) === repository) &&
    (selects === undefined || selects(metadata.labels ?? {}))
  );
}

/** Whether somebody may see an Application that is there. */
export function maySee(
  app: KubeObject,
  requester: Requester,
  { ports, settings }: ControlPlane,
): boolean {
  const { namespace = '', name = '' } = app.metadata;
  if (!isApplicationNamespace(namespace, settings)) return false;
  const object = applicationObject(projectNameOf(app), { namespace, name }, settings.namespace);
  const asked = { resource: 'applications', action: 'get', object };
  return ports.access.decide(requester.caller, asked).allowed;
}

function firstRepository(app: KubeObject): unknown {
  const spec = app['spec'] as {
    source?: { repoURL?: unknown };
    sources?: { repoURL?: unknown }[];
  } | null;
  return spec?.sources?.[0]?.repoURL ?? spec?.source?.repoURL;
}

function nameOf({ metadata }: KubeObject): string {
  return metadata.name ?? '';
}

function compareNames(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
