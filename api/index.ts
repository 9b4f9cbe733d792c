// The API server's door.

/** The version of the REST API, as in `/api/v1/applications`. */
export const API_VERSION = 'v1';

export { createApi, type ApiOptions } from './create-api.ts';
export {
  startApiServer,
  type ApiServer,
  type ApiServerOptions,
  type TlsOptions,
  type TlsPair,
} from './start-api-server.ts';
export { createTerminalServer, type TerminalOptions } from './terminal.ts';
export { allRoutes } from './routes/index.ts';
export {
  json,
  route,
  type Answer,
  type BodyShape,
  type Method,
  type RawRequest,
  type Route,
  type RouteAccess,
  type RouteRequest,
} from './route.ts';
export type { Shape } from './http/bind.ts';
export {
  createTokenCookies,
  type TokenCookies,
  type TokenCookiesOptions,
} from './http/token-cookies.ts';
