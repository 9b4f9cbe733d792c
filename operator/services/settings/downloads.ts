import { textsOf } from '../../core/objects/object-texts.ts';
import type { ControlPlane } from '../control-plane.ts';

/** Where the command line for a platform is, by the name of its file, as `argocd-cm` says; only over HTTP. */
export function downloadOf(
  { ports }: Pick<ControlPlane, 'ports'>,
  file: string,
): string | undefined {
  const [, os = '', arch = 'amd64'] =
    /^argocd-([a-z]{1,20})(?:-([a-z0-9]{1,20}))?(?:\.exe)?$/.exec(file) ?? [];
  if (os === '') return undefined;
  const texts = textsOf(ports.config.configMap('argocd-cm'));
  const place = texts.get(`help.download.${os}-${arch}`)?.trim() ?? '';
  return URL.canParse(place) && /^https?:$/.test(new URL(place).protocol) ? place : undefined;
}
