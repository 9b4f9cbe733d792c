import { TiphysError } from '../errors.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../objects/json.ts';
import { isDigest } from '../revision/artifact-revision.ts';

/** The archive that an artifact consists of. */
export interface ContentLayer {
  readonly digest: string;
  /** In bytes, as it is sent. */
  readonly size: number;
  readonly compression: 'gzip' | 'none';
  /** A Helm chart: its one folder is the root. */
  readonly isChart: boolean;
}

const MAX_LAYERS = 10;
const CONTENT = /[.+](?:tar|tar\+gzip|tar\.gz)$/;
const CHART_LAYER = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const HELM_CONFIG = /^application\/vnd\.cncf\.helm\.config\./;
const INDEX = /(?:image\.index\.v1|manifest\.list\.v2)\+json$/;

/** Media types of layers that are permitted unless somebody says otherwise. */
export const LAYER_MEDIA_TYPES: readonly string[] = [
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  CHART_LAYER,
];

/**
 * The one layer of an image manifest that holds files. Other layers, such as signatures, do not count; of a chart only
 * the chart itself does. Errors: `InvalidManifest`, said of no artifact by name.
 */
export function contentLayer(manifest: JsonValue, permitted: readonly string[]): ContentLayer {
  if (!isJsonObject(manifest)) throw invalid('its manifest is no JSON object');
  if (INDEX.test(textOf(manifest['mediaType'])) || isJsonArray(manifest['manifests']))
    throw invalid('is an index of several manifests', 'Name the tag or digest of one of them.');
  const layers = isJsonArray(manifest['layers']) ? manifest['layers'].filter(isJsonObject) : [];
  if (layers.length > MAX_LAYERS)
    throw invalid(`has ${layers.length} layers, more than ${MAX_LAYERS}`);
  const { config } = manifest;
  const isHelm = isJsonObject(config) && HELM_CONFIG.test(textOf(config['mediaType']));
  const content = layers.filter((layer) => {
    const type = mediaTypeOf(layer);
    return isHelm ? type === CHART_LAYER : CONTENT.test(type);
  });
  const [layer] = content;
  if (layer === undefined || content.length > 1)
    throw invalid(
      `has ${content.length} layers with content, must have one (${layers.map(mediaTypeOf).join(', ') || 'there is no layer'})`,
    );
  const type = mediaTypeOf(layer);
  if (!permitted.includes(type))
    throw invalid(
      `the media type ${type} of its layer is not permitted`,
      'Push it with another media type, or permit this one with --oci-layer-media-types.',
    );
  const { digest, size } = layer;
  if (typeof digest !== 'string' || !isDigest(digest))
    throw invalid('its layer has no digest by sha256 or sha512');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw invalid('its layer has no size');
  const compression = /gz(?:ip)?$/.test(type) ? 'gzip' : 'none';
  return { digest, size, compression, isChart: type === CHART_LAYER };
}

/** What an artifact says of itself; empty where it says nothing. */
export interface ArtifactInfo {
  /** RFC 3339, as it was written. */
  readonly createdAt: string;
  readonly authors: string;
  readonly docsUrl: string;
  readonly sourceUrl: string;
  readonly version: string;
  readonly description: string;
}

const PREFIX = 'org.opencontainers.image.';

/** The annotations of a manifest that every registry knows. Total. */
export function artifactInfo(manifest: JsonValue): ArtifactInfo {
  const annotations = isJsonObject(manifest) ? manifest['annotations'] : undefined;
  const told = (name: string) =>
    isJsonObject(annotations) ? textOf(annotations[PREFIX + name]) : '';
  return {
    createdAt: told('created'),
    authors: told('authors'),
    docsUrl: told('documentation'),
    sourceUrl: told('source'),
    version: told('version'),
    description: told('description'),
  };
}

const mediaTypeOf = (layer: JsonObject): string => textOf(layer['mediaType']).slice(0, 200);

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');

function invalid(
  message: string,
  hint = 'Push it with one layer that is a tar archive.',
): TiphysError {
  return new TiphysError('InvalidManifest', message, { hint });
}
