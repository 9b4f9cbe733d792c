import type { RequestListener } from 'node:http';

/** Answers a plain request on the port of TLS: the same, over HTTPS. */
export const redirectToTls: RequestListener = (request, response) => {
  const host = request.headers.host ?? '';
  const path = request.url ?? '/';
  response.setHeader('connection', 'close');
  // Whoever sends no host, or something that is none, does not want to go anywhere.
  if (!/^[\w.:[\]-]+$/.test(host) || !path.startsWith('/')) {
    response.writeHead(400, { 'content-type': 'text/plain' }).end('This port speaks TLS.\n');
    return;
  }
  response.writeHead(307, { location: `https://${host}${path}` }).end();
};
