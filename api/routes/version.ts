import { programVersions } from '../../operator/services/index.ts';
import { json, type Route, route } from '../route.ts';
import { withoutZero } from '../present/without-zero.ts';

export interface VersionInfo {
  readonly version: string;
  /** `linux/amd64`. */
  readonly platform?: string;
}

/** Which version this is; more of it only for who signed in, or may come without. */
export function versionRoutes({ version, platform = '' }: VersionInfo): readonly Route[] {
  return [
    route({
      method: 'get',
      path: '/api/version',
      summary: 'The version of the server; those of its programs for who signed in',
      access: { type: 'public' },
      async answer({ requester, signal }, controlPlane) {
        if (requester.caller === undefined && !controlPlane.ports.allowsAnonymous())
          return json({ Version: version });
        const {
          Helm = '',
          Kustomize = '',
          Jsonnet = '',
        } = await programVersions(controlPlane, signal);
        return json(
          withoutZero({
            Version: version,
            Compiler: 'node',
            Platform: platform,
            KustomizeVersion: Kustomize,
            HelmVersion: Helm,
            JsonnetVersion: Jsonnet,
          }),
        );
      },
    }),
  ];
}
