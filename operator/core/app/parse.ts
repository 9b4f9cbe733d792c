import { isJsonObject, type JsonValue } from '../objects/json.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type {
  Application,
  ApplicationSpec,
  ApplicationStatus,
  Operation,
  Project,
  ProjectSpec,
} from './types.ts';

export interface Problem {
  readonly path: string;
  readonly message: string;
}
export type Parsed<K extends string, T> =
  | ({ readonly type: 'ok' } & { readonly [key in K]: T })
  | { readonly type: 'invalid'; readonly problems: readonly Problem[] };

export function parseApplication(raw: KubeObject): Parsed<'application', Application> {
  const spec = raw['spec'];
  if (!isJsonObject(spec) || !isJsonObject(spec['destination']))
    return { type: 'invalid', problems: [{ path: 'spec', message: 'is not an application spec' }] };
  const status = raw['status'];
  const operation = raw['operation'];
  const m = raw.metadata;
  return {
    type: 'ok',
    application: {
      metadata: {
        name: m.name ?? '',
        namespace: m.namespace ?? '',
        uid: m.uid ?? '',
        resourceVersion: m.resourceVersion ?? '',
        generation: m.generation,
        deletionTimestamp: m.deletionTimestamp,
        labels: m.labels ?? {},
        annotations: m.annotations ?? {},
        finalizers: m.finalizers ?? [],
      },
      spec: spec as unknown as ApplicationSpec,
      status: (isJsonObject(status) ? status : {}) as unknown as ApplicationStatus,
      operation: isJsonObject(operation) ? (operation as unknown as Operation) : undefined,
      raw,
    },
  };
}

export function parseProject(raw: KubeObject): Parsed<'project', Project> {
  const spec: JsonValue = raw['spec'] ?? {};
  return {
    type: 'ok',
    project: {
      name: raw.metadata.name ?? '',
      namespace: raw.metadata.namespace ?? '',
      spec: spec as unknown as ProjectSpec,
    },
  };
}
