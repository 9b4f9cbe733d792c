import { programVersions } from '../../operator/services/index.ts';
import { json, type Route, route } from '../route.ts';
import { withoutZero } from '../present/without-zero.ts';

export interface VersionInfo {
  readonly version: string;
  /** `linux/amd64`. */
  readonly platform?: string;
  /** What runs the server, `node v24.1.0`. */
  readonly runtime?: string;
  /** How it was built, as far as that is known. */
  readonly build?: {
    /** RFC 3339. */
    readonly buildDate?: string;
    readonly gitCommit?: string;
    readonly gitTag?: string;
    /** `clean` or `dirty`. */
    readonly gitTreeState?: string;
    readonly extraBuildInfo?: string;
  };
}

/** Which version this is; more of it only for who signed in, or may come without. */
export function versionRoutes(info: VersionInfo): readonly Route[] {
  const { version, platform = '', runtime = '', build = {} } = info;
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
            BuildDate: build.buildDate ?? '',
            GitCommit: build.gitCommit ?? '',
            GitTag: build.gitTag ?? '',
            GitTreeState: build.gitTreeState ?? '',
            Compiler: runtime,
            Platform: platform,
            KustomizeVersion: Kustomize,
            HelmVersion: Helm,
            JsonnetVersion: Jsonnet,
            ExtraBuildInfo: build.extraBuildInfo ?? '',
          }),
        );
      },
    }),
  ];
}
