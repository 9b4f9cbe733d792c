import { hasCode, TiphysError } from '../core/errors.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';
import { apiVersionOf, isKubeObject, type KubeObject } from '../core/objects/kube-object.ts';
import type { Clock } from '../ports/clock.ts';
import type {
  ApiResource,
  Deletion,
  KubeClient,
  ListOptions,
  ListPage,
  LogOptions,
  ObjectAddress,
  PatchType,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../ports/kube-client.ts';
import type { KubeConnection } from './connection.ts';
import { discover } from './discovery.ts';
import { collectionPath, creationPath, objectPath, queryOf, subjectOf } from './resource-path.ts';
import { authorizationOf, createTransport, type KubeRequest } from './transport.ts';
import { decodeWatchLine, jsonLines } from './watch-stream.ts';

export interface KubeClientOptions {
  readonly connection: KubeConnection;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Longest time of one request, waits for overload included; not of watches. Default 60 s. */
  readonly requestTimeoutMs?: number;
}

const PAGE_SIZE = 500;
/** A watch that is silent for this much longer than the server promised is dead. */
const WATCH_GRACE_MS = 15_000;
const MAX_LOG_MS = 12 * 3_600_000;
const PARTIAL_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
const PARTIAL_OBJECT = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

/** Opens nothing until the first call. Disposing cuts every request and watch under way. */
export function createKubeClient(options: KubeClientOptions): KubeClient & AsyncDisposable {
  const { connection } = options;
  const transport = createTransport({
    ...options,
    requestTimeoutMs: options.requestTimeoutMs ?? 60_000,
  });
  const gzip = connection.compressLists === true;

  const fetch = (path: string, accept: string, signal: AbortSignal): Promise<JsonValue> =>
    transport.json(
      { subject: path, verb: 'get', method: 'GET', path, accept, repeatable: true, gzip },
      signal,
    );

  /** Sends one object or patch and returns the object as the server has it now. */
  async function send(
    request: Omit<KubeRequest, 'subject' | 'secretBody'>,
    { resource, ...where }: ObjectAddress,
    signal: AbortSignal,
  ): Promise<KubeObject> {
    const secret = resource.group === '' && resource.kind === 'Secret';
    const answer = await transport.json(
      {
        ...request,
        subject: subjectOf({ resource, ...where }),
        ...(secret && request.body !== undefined ? { secretBody: request.body } : {}),
      },
      signal,
    );
    return expectObject(answer, resource, request.verb);
  }

  async function* list(
    address: ObjectAddress,
    listOptions: ListOptions,
    signal: AbortSignal,
  ): AsyncGenerator<ListPage> {
    const { limit = PAGE_SIZE, labelSelector, fieldSelector, metadataOnly = false } = listOptions;
    let token: string | undefined;
    let restarted = false;
    for (;;) {
      const query = queryOf({ limit, labelSelector, fieldSelector, continue: token });
      let answer: JsonValue;
      try {
        answer = await transport.json(
          {
            subject: subjectOf(address),
            verb: 'list',
            method: 'GET',
            path: collectionPath(address.resource, address.namespace) + query,
            accept: metadataOnly ? `${PARTIAL_LIST},application/json` : 'application/json',
            repeatable: true,
            gzip,
          },
          signal,
        );
      } catch (error) {
        // The snapshot behind the token was compacted away: begin once more, then give up.
        if (token === undefined || restarted || !hasCode(error, 'KubeGone')) throw error;
        restarted = true;
        token = undefined;
        continue;
      }
      const metadata = isJsonObject(answer) ? answer['metadata'] : undefined;
      const items = isJsonObject(answer) ? answer['items'] : undefined;
      const first = token === undefined;
      token = textAt(metadata, 'continue');
      yield {
        items: isJsonArray(items) ? items.map(completer(address.resource, metadataOnly)) : [],
        resourceVersion: textAt(metadata, 'resourceVersion') ?? '',
        ...(first && restarted ? { restarted } : {}),
      };
      if (token === undefined) return;
    }
  }

  async function* watch(
    address: ObjectAddress,
    watchOptions: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent> {
    const { timeoutSeconds, metadataOnly = false, ...selectors } = watchOptions;
    const request: KubeRequest = {
      subject: subjectOf(address),
      verb: 'watch',
      method: 'GET',
      path:
        collectionPath(address.resource, address.namespace) +
        queryOf({ ...selectors, timeoutSeconds, watch: true, allowWatchBookmarks: true }),
      accept: metadataOnly ? `${PARTIAL_OBJECT},application/json` : 'application/json',
      repeatable: true,
    };
    const complete = completer(address.resource, metadataOnly);
    const limitMs = timeoutSeconds * 1000 + WATCH_GRACE_MS;
    const lines = jsonLines(transport.stream(request, limitMs, signal));
    for await (const line of lines) yield decodeWatchLine(line, request, complete);
  }

  function logs(
    pod: ObjectAddress,
    { container, follow, previous, tailLines, sinceSeconds, sinceTime }: LogOptions,
    signal: AbortSignal,
  ): AsyncIterable<Uint8Array> {
    const query = queryOf({
      ...(container !== '' && { container }),
      ...(follow && { follow }),
      ...(previous && { previous }),
      ...{ tailLines, sinceSeconds, sinceTime, timestamps: true },
    });
    const request: KubeRequest = {
      subject: subjectOf(pod),
      verb: 'read log',
      method: 'GET',
      path: objectPath(pod, 'log') + query,
      accept: '*/*',
      repeatable: true,
    };
    return transport.stream(request, MAX_LOG_MS, signal);
  }

  function clientFor(user?: string): KubeClient {
    const who = user === undefined ? {} : { impersonate: user };
    const write: typeof send = (request, address, signal) =>
      send({ ...request, ...who }, address, signal);
    return {
      server: connection.server,
      async version(signal) {
        const answer = await fetch('/version', 'application/json', signal);
        return textAt(answer, 'gitVersion') ?? '';
      },
      discover: (signal) => discover(fetch, signal),
      async openApi(groupVersionPath, signal) {
        const answer = await fetch(`/openapi/v3/${groupVersionPath}`, 'application/json', signal);
        return isJsonObject(answer) ? answer : {};
      },
      async get(address, signal) {
        try {
          const answer = await transport.json(
            {
              subject: subjectOf(address),
              verb: 'get',
              method: 'GET',
              path: objectPath(address),
              repeatable: true,
            },
            signal,
          );
          return expectObject(answer, address.resource, 'get');
        } catch (error) {
          if (hasCode(error, 'KubeNotFound')) return undefined;
          throw error;
        }
      },
      list,
      watch,
      logs,
      async exec(pod, request, signal) {
        const { execInPod } = await import('./pod-exec.ts');
        const authorization = await authorizationOf(connection);
        return execInPod(pod, request, { connection, authorization, impersonate: user }, signal);
      },
      create: async (address, object, writeOptions, signal) =>
        await write(
          {
            verb: verbOf('create', writeOptions),
            method: 'POST',
            path: creationPath(address) + writeQuery(writeOptions),
            body: object,
            repeatable: false,
          },
          address,
          signal,
        ),
      replace: async (address, object, writeOptions, signal) =>
        await write(
          {
            verb: verbOf('replace', writeOptions),
            method: 'PUT',
            path: objectPath(address) + writeQuery(writeOptions),
            body: object,
            repeatable: false,
          },
          address,
          signal,
        ),
      apply: async (address, object, applyOptions, signal) =>
        await write(
          {
            verb: verbOf('apply', applyOptions),
            method: 'PATCH',
            path: objectPath(address) + writeQuery(applyOptions, { force: applyOptions.force }),
            contentType: 'application/apply-patch+yaml', // JSON is YAML
            body: object,
            repeatable: true,
          },
          address,
          signal,
        ),
      patch: async (address, patch, patchOptions, signal) =>
        await write(
          {
            verb: verbOf('patch', patchOptions),
            method: 'PATCH',
            path: objectPath(address, patchOptions.subresource) + writeQuery(patchOptions),
            contentType: PATCH_TYPES[patchOptions.type],
            body: patch,
            repeatable: false,
          },
          address,
          signal,
        ),
      impersonate: clientFor,
      async delete(address, deleteOptions, signal) {
        const { propagation, gracePeriodSeconds, uid, resourceVersion, dryRun } = deleteOptions;
        try {
          const answer = await transport.json(
            {
              subject: subjectOf(address),
              verb: 'delete',
              method: 'DELETE',
              path: objectPath(address),
              body: {
                kind: 'DeleteOptions',
                apiVersion: 'v1',
                propagationPolicy: propagation,
                ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
                ...(uid === undefined && resourceVersion === undefined
                  ? {}
                  : { preconditions: { uid, resourceVersion } }),
                ...(dryRun === true ? { dryRun: ['All'] } : {}),
              },
              repeatable: uid !== undefined,
              ...who,
            },
            signal,
          );
          return deletionOf(answer);
        } catch (error) {
          if (hasCode(error, 'KubeNotFound')) return { type: 'absent' };
          throw error;
        }
      },
    };
  }

  return {
    ...clientFor(),
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/**
 * API servers answer with a `Status` or with the object: as it stands from now on, or, for some
 * kinds, as it last was.
 */
function deletionOf(answer: unknown): Deletion {
  const object = answer as KubeObject;
  const holds = object.kind !== 'Status' && object.metadata.deletionTimestamp !== undefined;
  return holds ? { type: 'terminating', object } : { type: 'gone' };
}

function verbOf(verb: string, { dryRun }: WriteOptions): string {
  return dryRun === true ? `dry-run ${verb}` : verb;
}

function writeQuery(options: WriteOptions, more: { readonly force?: boolean } = {}): string {
  return queryOf({
    dryRun: options.dryRun === true ? 'All' : undefined,
    fieldValidation: options.fieldValidation,
    fieldManager: options.fieldManager,
    force: more.force,
  });
}

/**
 * Items of a list come without apiVersion and kind, and metadata-only objects with those of
 * `PartialObjectMetadata`. An old aggregated API server sends whole objects where metadata was asked for.
 */
function completer(resource: ApiResource, metadataOnly: boolean): (value: JsonValue) => KubeObject {
  const head = { apiVersion: apiVersionOf(resource), kind: resource.kind };
  return (value) => {
    const object = isJsonObject(value) ? value : {};
    const metadata = isJsonObject(object['metadata']) ? object['metadata'] : {};
    return metadataOnly ? { ...head, metadata } : { ...object, ...head, metadata };
  };
}

function expectObject(answer: JsonValue, resource: ApiResource, verb: string): KubeObject {
  if (isKubeObject(answer)) return answer;
  throw new TiphysError(
    'KubeRejected',
    `${resource.kind}: ${verb} failed: the answer is no object`,
  );
}

function textAt(value: JsonValue | undefined, key: string): string | undefined {
  const text = isJsonObject(value) ? value[key] : undefined;
  return typeof text === 'string' && text !== '' ? text : undefined;
}
