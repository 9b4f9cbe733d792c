import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createHelmGenerator } from './index.ts';
import { fails, object, openRenderer, type Renderer } from './testing/renderer.ts';
import { openWorkshop } from './testing/workshop.ts';

const signal = AbortSignal.timeout(600_000);

describe('the generator of a folder', () => {
  let renderer: Renderer;
  before(async () => {
    renderer = await openRenderer(signal);
  });
  after(() => renderer[Symbol.asyncDispose]());

  const chart = { 'app/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n' };
  test('Kustomize beats Helm', async () => {
    const files = { ...chart, 'app/kustomization.yaml': 'resources: []\n' };
    assert.equal((await renderer.render(files, { path: 'app' })).type, 'Kustomize');
  });
  test('an explicit type beats both, an empty block says nothing', async () => {
    const files = { ...chart, 'app/a.yaml': object('a') };
    const directory = { recurse: true, exclude: 'Chart.yaml' };
    assert.equal((await renderer.render(files, { path: 'app', directory })).type, 'Directory');
    assert.equal((await renderer.render(files, { path: 'app', directory: {} })).type, 'Helm');
  });
  test('a type that is switched off is passed over', async () => {
    const settings = { Helm: { enabled: false } };
    assert.equal((await renderer.render(chart, { path: 'app' }, { settings })).type, 'Directory');
  });
  test('a chart in a folder below does not count', async () => {
    const files = { 'app/charts/x/Chart.yaml': 'name: x', 'app/a.yaml': object('a') };
    assert.equal((await renderer.render(files, { path: 'app' })).type, 'Directory');
  });

  test('a program that is not there is named', async () => {
    await using workshop = await openWorkshop();
    const helm = createHelmGenerator({ ...workshop.tool, program: 'no-such-helm' });
    await fails(helm.version(signal), 'ToolMissing', /no-such-helm: not found in PATH/);
  });
});
