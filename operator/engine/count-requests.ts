import { TiphysError } from '../core/errors.ts';
import type { Application } from '../core/app/types.ts';
import type { Cluster } from '../ports/clusters.ts';
import type {
  DeleteOptions,
  KubeClient,
  ObjectAddress,
  WriteOptions,
} from '../ports/kube-client.ts';
import type { Metrics } from '../ports/telemetry.ts';

/** The cluster as before, except that requests about single objects are counted as this application's. */
export function countRequests(
  cluster: Cluster,
  { metadata, spec }: Pick<Application, 'metadata' | 'spec'>,
  metrics: Metrics,
): Cluster {
  const { client, server } = cluster;
  const subject = { namespace: metadata.namespace, name: metadata.name, project: spec.project };

  async function counted<T>(
    verb: string,
    { resource, namespace }: ObjectAddress,
    { dryRun = false }: Pick<WriteOptions & DeleteOptions, 'dryRun'>,
    request: () => Promise<T>,
  ): Promise<T> {
    const count = (code: string): void =>
      metrics.count('argocd_app_k8s_request_total', {
        ...subject,
        server,
        response_code: code,
        verb,
        resource_kind: resource.kind,
        resource_namespace: namespace,
        dry_run: String(dryRun),
      });
    try {
      const answer = await request();
      count(answer === undefined || answer === false ? '404' : '200');
      return answer;
    } catch (error) {
      count(codeOf(error));
      throw error;
    }
  }

  const counting: KubeClient = {
    ...client,
    get: (at, signal) => counted('get', at, {}, () => client.get(at, signal)),
    create: (at, object, options, signal) =>
      counted('create', at, options, () => client.create(at, object, options, signal)),
    replace: (at, object, options, signal) =>
      counted('update', at, options, () => client.replace(at, object, options, signal)),
    apply: (at, object, options, signal) =>
      counted('apply', at, options, () => client.apply(at, object, options, signal)),
    patch: (at, patch, options, signal) =>
      counted('patch', at, options, () => client.patch(at, patch, options, signal)),
    delete: (at, options, signal) =>
      counted('delete', at, options, () => client.delete(at, options, signal)),
  };
  return { ...cluster, client: counting };
}

function codeOf(error: unknown): string {
  const status = error instanceof TiphysError ? error.fields['status'] : undefined;
  return typeof status === 'number' ? String(status) : '0';
}
