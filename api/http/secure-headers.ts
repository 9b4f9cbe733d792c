import type { RequestHandler } from 'express';
import helmet from 'helmet';

export interface SecureHeadersOptions {
  /** `X-Frame-Options`; empty: none. */
  readonly frameOptions: string;
  /** `Content-Security-Policy`; empty: none. */
  readonly contentSecurityPolicy: string;
}

/**
 * Headers that keep browsers from doing more with an answer than they should. Whether a host is only
 * ever spoken to over TLS is for whoever runs it to say, at the ingress.
 */
export function secureHeaders({
  frameOptions,
  contentSecurityPolicy,
}: SecureHeadersOptions): RequestHandler {
  const others = helmet({
    contentSecurityPolicy: false,
    strictTransportSecurity: false,
    xFrameOptions: false,
  });
  return (request, response, next) => {
    if (frameOptions !== '') response.setHeader('x-frame-options', frameOptions);
    if (contentSecurityPolicy !== '')
      response.setHeader('content-security-policy', contentSecurityPolicy);
    others(request, response, next);
  };
}
