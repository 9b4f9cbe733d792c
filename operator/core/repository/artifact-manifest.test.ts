import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { hasCode } from '../errors.ts';
import type { JsonValue } from '../objects/json.ts';
import { artifactInfo, contentLayer, LAYER_MEDIA_TYPES } from './artifact-manifest.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
const TAR = 'application/vnd.oci.image.layer.v1.tar';
const CHART = 'application/vnd.cncf.helm.chart.content.v1.tar+gzip';
const layer = (mediaType: string, more: object = {}) => ({ mediaType, digest, size: 7, ...more });
const helm = { mediaType: 'application/vnd.cncf.helm.config.v1+json' };
const read = (manifest: object, permitted = LAYER_MEDIA_TYPES) =>
  contentLayer(manifest as JsonValue, permitted);

describe('the content of an artifact', () => {
  for (const [name, manifest, expected] of [
    ['gzipped', { layers: [layer(GZIP)] }, { compression: 'gzip', isChart: false }],
    ['plain', { layers: [layer(TAR)] }, { compression: 'none', isChart: false }],
    [
      'beside a signature',
      { layers: [layer('text/spdx'), layer(GZIP)] },
      { compression: 'gzip', isChart: false },
    ],
    [
      'a chart beside its provenance',
      {
        config: helm,
        layers: [layer('application/vnd.cncf.helm.chart.provenance.v1.prov'), layer(CHART)],
      },
      { compression: 'gzip', isChart: true },
    ],
    [
      'a chart beside another archive',
      { config: helm, layers: [layer(GZIP), layer(CHART)] },
      { compression: 'gzip', isChart: true },
    ],
  ] as const)
    test(`${name} is found`, () =>
      assert.deepEqual(read(manifest), { digest, size: 7, ...expected }));

  for (const [name, manifest, message] of [
    ['no layer', { layers: [] }, /0 layers with content.*no layer/],
    ['nothing', {}, /0 layers with content/],
    ['two archives', { layers: [layer(GZIP), layer(TAR)] }, /2 layers with content/],
    ['eleven layers', { layers: Array(11).fill(layer('text/a')) }, /11 layers, more than 10/],
    [
      'a type nobody permits',
      { layers: [layer('application/x.tar.gz')] },
      /x\.tar\.gz.*not permitted/,
    ],
    ['no chart in a chart', { config: helm, layers: [layer(GZIP)] }, /0 layers with content/],
    ['another digest', { layers: [layer(GZIP, { digest: 'md5:1' })] }, /no digest/],
    ['a path as digest', { layers: [layer(GZIP, { digest: '../../x' })] }, /no digest/],
    ['a size below zero', { layers: [layer(GZIP, { size: -1 })] }, /no size/],
    ['a size that is a text', { layers: [layer(GZIP, { size: '7' })] }, /no size/],
    ['an index', { mediaType: 'application/vnd.oci.image.index.v1+json' }, /index of several/],
    ['an index that does not say so', { manifests: [] }, /index of several/],
    ['a list', [], /no JSON object/],
  ] as const)
    test(`${name} is refused`, () =>
      assert.throws(
        () => read(manifest),
        (error) => hasCode(error, 'InvalidManifest') && message.test(String(error)),
      ));

  test('a type that is permitted by name alone counts', () => {
    const own = 'application/vnd.cncf.flux.content.v1.tar+gzip';
    assert.equal(read({ layers: [layer(own)] }, [own]).digest, digest);
    assert.throws(() => read({ layers: [layer(GZIP)] }, [own]), /not permitted/);
  });

  test('its annotations are told, whatever they are', () => {
    const annotations = {
      'org.opencontainers.image.created': '2026-01-02T03:04:05Z',
      'org.opencontainers.image.authors': 'Ann',
      'org.opencontainers.image.version': 7,
      other: 'x',
    };
    const nothing = artifactInfo(null);
    assert.deepEqual(new Set(Object.values(nothing)), new Set(['']));
    assert.deepEqual(artifactInfo({ annotations }), {
      ...nothing,
      createdAt: '2026-01-02T03:04:05Z',
      authors: 'Ann',
    });
  });
});
