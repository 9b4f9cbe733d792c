import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createServerCertificate } from './certificates.ts';

/** A custom resource, as the API server sends it to be converted. */
export interface Convertible {
  readonly apiVersion: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** The same object in another version; metadata must stay as it is. */
export type Convert = (object: Convertible, desiredApiVersion: string) => Convertible;

export interface ConversionServer extends AsyncDisposable {
  /** What stands in `spec.conversion` of a definition. */
  readonly conversion: object;
}

/** A conversion webhook over HTTPS on 127.0.0.1. Disposing cuts open connections. */
export async function startConversionServer(convert: Convert): Promise<ConversionServer> {
  const { certificate, key } = createServerCertificate('127.0.0.1');
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const answer = async () => {
      const review = (await json(request)) as {
        readonly request: {
          readonly uid: string;
          readonly desiredAPIVersion: string;
          readonly objects: readonly Convertible[];
        };
      };
      const { uid, desiredAPIVersion, objects } = review.request;
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          apiVersion: 'apiextensions.k8s.io/v1',
          kind: 'ConversionReview',
          response: {
            uid,
            convertedObjects: objects.map((object) => convert(object, desiredAPIVersion)),
            result: { status: 'Success' },
          },
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
  const { port } = server.address() as AddressInfo;
  return {
    conversion: {
      strategy: 'Webhook',
      webhook: {
        conversionReviewVersions: ['v1'],
        clientConfig: {
          url: `https://127.0.0.1:${port}/convert`,
          caBundle: Buffer.from(certificate).toString('base64'),
        },
      },
    },
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
