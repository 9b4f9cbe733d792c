import { textsOf } from '../../core/objects/object-texts.ts';
import type { Download } from '../../ports/downloads.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Where somebody gets the command line from. */
export type Offer =
  | { readonly type: 'here'; readonly file: string; readonly download: Download }
  | { readonly type: 'elsewhere'; readonly url: string };

/**
 * The command line for a platform by the name of its file, `argocd-OS[-ARCH]`: from the folder of the server, else where
 * `argocd-cm` says, over HTTP only. `undefined`: it is not offered.
 */
export async function findDownload(
  { ports }: Pick<ControlPlane, 'ports'>,
  name: string,
): Promise<Offer | undefined> {
  const [, os = '', arch = 'amd64', end = ''] =
    /^argocd-([a-z]{1,20})(?:-([a-z0-9]{1,20}))?(\.exe)?$/.exec(name) ?? [];
  if (os === '') return undefined;
  const file = `argocd-${os}-${arch}${end}`;
  const download = await ports.downloads.open(file);
  if (download !== undefined) return { type: 'here', file, download };
  const texts = textsOf(ports.config.configMap('argocd-cm'));
  const url = texts.get(`help.download.${os}-${arch}`)?.trim() ?? '';
  const isWeb = /^https?:$/.test(URL.parse(url)?.protocol ?? '');
  return isWeb ? { type: 'elsewhere', url } : undefined;
}
