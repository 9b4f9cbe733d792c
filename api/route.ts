import * as z from 'zod/mini';
import type { ControlPlane, Requester } from '../operator/services/index.ts';
import type { Topic } from './http/send-messages.ts';
import { bindBody, bindQuery, type Shape } from './http/bind.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'all';

/** What it takes to be answered; the service decides, and this says it to people and to tests. */
export type RouteAccess =
  /** Anybody; what is told may depend on whether they signed in. */
  | { readonly type: 'public' }
  /** Whoever signed in. */
  | { readonly type: 'signed-in' }
  /** Lists hold what one may see, and nobody is refused. */
  | { readonly type: 'filtered'; readonly resource: string; readonly action: string }
  | { readonly type: 'needs'; readonly resource: string; readonly action: string }
  /** Why no rule of a policy can say it. */
  | { readonly type: 'own-rule'; readonly rule: string };

/** What becomes of the cookies that tell who a browser is. */
export type SessionChange =
  | {
      readonly type: 'begun';
      readonly token: string /** Default: as the server is. */;
      readonly secure?: boolean;
    }
  | { readonly type: 'ended' };

/** What a request is answered with. */
export type Answer =
  | {
      readonly type: 'json';
      readonly value: unknown;
      readonly session?: SessionChange;
    }
  | {
      readonly type: 'stream';
      readonly messages: AsyncIterable<unknown>;
      /** What is left of each `{ result: message }`; default all of it. */
      readonly select?: (message: unknown) => unknown;
      /** The JSON of each `{ result: message }`, where many streams can share it; default what `select` leaves. */
      readonly encode?: (message: unknown) => string;
      /** What a message is about, when one that says the same as the last about it need not be sent. */
      readonly topic?: (message: unknown) => Topic;
    }
  | {
      readonly type: 'raw';
      readonly status?: number;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
      readonly body: string | Uint8Array | Iterable<string> | AsyncIterable<string | Uint8Array>;
      readonly session?: SessionChange;
    };

export interface RouteRequest<Q, B> {
  /** As it was sent, such as `GET`. */
  readonly method: string;
  /** Decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: Q;
  readonly body: B;
  readonly requester: Requester;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Path and query below the root path, as they were sent. */
  readonly url: string;
  /** Of whoever sent it, as far as it can be told. */
  readonly address: string;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

/** One route of the API, as data: what it is called by, what it takes, what it needs, and what answers it. */
export interface Route {
  readonly method: Method;
  /** As in OpenAPI: `/api/v1/applications/{name}`; `{rest=**}` takes slashes too. */
  readonly path: string;
  readonly summary: string;
  readonly access: RouteAccess;
  readonly query: Shape;
  /** `undefined`: nothing of the body is read. */
  readonly body: BodyShape | undefined;
  /** Whether a request that changes something must say that it sends JSON; a service that is told by machines need not. */
  readonly isGuarded: boolean;
  /** Parameters in which a plus is a blank, as clients write URLs of clusters and repositories. */
  readonly plusIsBlank: boolean;
  answer(raw: RawRequest, controlPlane: ControlPlane): Promise<Answer>;
}

export interface RawRequest extends Omit<RouteRequest<unknown, unknown>, 'query' | 'body'> {
  readonly search: URLSearchParams;
  /** Parsed JSON; `undefined` when there was none. */
  readonly body: unknown;
}

/** An object with these fields, a bare text, whatever came as JSON; or `raw`: nothing is read, the body are its bytes as they come. */
export type BodyShape =
  | { readonly type: 'fields'; readonly shape: Shape }
  | { readonly type: BareBody };

type BareBody = 'any' | 'text' | 'raw';

type Output<S> = S extends Shape ? z.output<S> : unknown;

interface Definition<Q extends Shape, B extends Shape | BareBody | undefined> {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly access: RouteAccess;
  readonly query?: Q;
  readonly body?: B;
  readonly plusIsBlank?: boolean;
  /** Default true. */
  readonly isGuarded?: boolean;
  readonly answer: (
    request: RouteRequest<
      z.output<Q>,
      B extends 'text' ? string : B extends 'raw' ? AsyncIterable<Uint8Array> : Output<B>
    >,
    controlPlane: ControlPlane,
  ) => Promise<Answer> | Answer;
}

const NOTHING: z.ZodMiniObject<Record<never, never>> = z.object({});

/** Makes a route whose query and body are read, and typed, by their shapes. */
export function route<
  Q extends Shape = typeof NOTHING,
  B extends Shape | BareBody | undefined = undefined,
>(definition: Definition<Q, B>): Route {
  const { method, path, summary, access, plusIsBlank = false, isGuarded = true } = definition;
  const query: Shape = definition.query ?? NOTHING;
  const body = bodyShape(definition.body);
  return {
    ...{ method, path, summary, access, query, body, plusIsBlank, isGuarded },
    async answer({ search, body: sent, ...rest }, controlPlane) {
      const request = {
        ...rest,
        query: bindQuery(query, search),
        body: body?.type === 'fields' ? bindBody(body.shape, sent) : sent,
      };
      // The shapes have just read both: the types say what they made of them.
      return await definition.answer(
        request as Parameters<typeof definition.answer>[0],
        controlPlane,
      );
    },
  };
}

function bodyShape(given: Shape | BareBody | undefined): BodyShape | undefined {
  if (given === undefined) return undefined;
  return typeof given === 'string' ? { type: given } : { type: 'fields', shape: given };
}

/** An answer that is one JSON value. */
export function json(value: unknown): Answer {
  return { type: 'json', value };
}

/** The same, as text that is written when the client has room for it. */
export function jsonText(body: Iterable<string>): Answer {
  return { type: 'raw', headers: JSON_HEADERS, body };
}

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-store' };
