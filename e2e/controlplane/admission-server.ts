import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createServerCertificate } from './certificates.ts';

/** What the API server asks about one write; dry runs are asked about too. */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly name: string;
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly dryRun?: boolean;
  readonly object: unknown;
}

/** JSON Patch. */
export interface PatchOperation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

export type Verdict =
  | { readonly type: 'allow'; readonly patch: readonly PatchOperation[] }
  | { readonly type: 'deny'; readonly message: string };

export interface AdmissionServer extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`; the hook of a name is a path below it. */
  readonly url: string;
  /** Base64 of PEM, as webhook configurations want it. */
  readonly caBundle: string;
  /** What a hook answers from now on. When it throws, the API server sees a hook out of order. */
  handle(hook: string, judge: (request: AdmissionRequest) => Verdict): void;
  /** What a hook has been asked so far. */
  seen(hook: string): readonly AdmissionRequest[];
}

/** Admission webhooks over HTTPS on 127.0.0.1. Disposing cuts open connections. */
export async function startAdmissionServer(): Promise<AdmissionServer> {
  const { certificate, key } = createServerCertificate('127.0.0.1');
  const hooks = new Map<string, (request: AdmissionRequest) => Verdict>();
  const seen = new Map<string, AdmissionRequest[]>();
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const answer = async () => {
      const hook = new URL(request.url ?? '/', 'https://hooks').pathname.slice(1);
      const review = (await json(request)) as { readonly request: AdmissionRequest };
      seen.set(hook, [...(seen.get(hook) ?? []), review.request]);
      const verdict = hooks.get(hook)?.(review.request) ?? { type: 'allow', patch: [] };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: { uid: review.request.uid, ...answerOf(verdict) },
        }),
      );
    };
    answer().catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caBundle: Buffer.from(certificate).toString('base64'),
    handle: (hook, judge) => void hooks.set(hook, judge),
    seen: (hook) => seen.get(hook) ?? [],
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function answerOf(verdict: Verdict): object {
  if (verdict.type === 'deny') return { allowed: false, status: { message: verdict.message } };
  if (verdict.patch.length === 0) return { allowed: true };
  const patch = Buffer.from(JSON.stringify(verdict.patch)).toString('base64');
  return { allowed: true, patchType: 'JSONPatch', patch };
}
