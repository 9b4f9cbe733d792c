import { json, type Route, route } from '../route.ts';

export interface VersionInfo {
  readonly version: string;
}

/** Which version this is; more of it only for who signed in. */
export function versionRoutes(info: VersionInfo): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/api/version',
      summary: 'The version of the server',
      access: { type: 'public' },
      answer: () => json({ Version: info.version }),
    }),
  ];
}
