import { after, before, describe, test } from 'node:test';
import { startWorld, type World } from '../language/world.ts';
import { argocdSettings, configMap } from './manifests.ts';

const signal = AbortSignal.timeout(300_000);
const KIND = 'resource.customizations.health.example.com_Gadget';
const CEL = 'resource.customizations.healthCEL.example.com_Gadget';

describe('health by the scripts of argocd-cm', () => {
  let world: World;
  before(async () => {
    world = await startWorld({ signal });
    await world.kubectl.apply(settings({}), crd());
    await world.kubectl([
      ...['wait', '--for=condition=Established', '--timeout=30s'],
      `crd/${world.name('gadgets')}.example.com`,
    ]);
  });
  after(async () => {
    await world.kubectl.try(['delete', 'crd', `${world.name('gadgets')}.example.com`]);
    await world[Symbol.asyncDispose]();
  });

  const kind = () => `Gadget${world.name('').replaceAll('-', '').toUpperCase()}`;
  const crd = () => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${world.name('gadgets')}.example.com` },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: world.name('gadgets'), kind: kind() },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      ],
    },
  });
  const settings = (data: Readonly<Record<string, string>>) =>
    argocdSettings(
      world.namespace,
      Object.fromEntries(
        Object.entries(data).map(([key, value]) => [key.replace('Gadget', kind()), value]),
      ),
    );
  const gadget = (name: string, wave = 0) =>
    JSON.stringify({
      apiVersion: 'example.com/v1',
      kind: kind(),
      metadata: { name, annotations: { 'argocd.argoproj.io/sync-wave': String(wave) } },
      spec: { size: 1 },
    });
  const turnTo = (namespace: string, name: string, color: string) => () =>
    world.kubectl([
      ...['patch', world.name('gadgets'), name, '-n', namespace, '--subresource=status'],
      ...['--type=merge', `--patch={"status":{"color":"${color}"}}`],
    ]);

  test('Lua holds a wave back until it says Healthy; CEL and no script take over at once', async () => {
    const lua = `
hs = { status = "Progressing", message = "no color yet" }
if obj.status ~= nil and obj.status.color == "green" then hs = { status = "Healthy" } end
if obj.status ~= nil and obj.status.color == "red" then hs = { status = "Degraded", message = "it is " .. obj.status.color } end
return hs`;
    await world.kubectl.apply(settings({ [KIND]: lua }));
    await world.given(
      world.repository('gadgets', {
        'first.json': gadget('first'),
        'second.yaml': configMap('second', '1').replace(
          'name: second',
          'name: second\n  annotations: {argocd.argoproj.io/sync-wave: "1"}',
        ),
      }),
    );
    const app = world.application('gadgets-app', {
      repoURL: world.git.urlOf('gadgets'),
      syncPolicy: true,
    });
    const second = world.object('configmaps', 'second', app.name);
    await world.when(app.created());
    await world.thenEventually(
      world.object(world.name('gadgets') + '.example.com', 'first', app.name).exists(),
      app.hasHealth('Progressing'),
    );
    await world.thenConsistently(3_000, second.isAbsent());
    await world.when(turnTo(app.name, 'first', 'green'));
    await world.thenEventually(app.isSynced(), app.isHealthy(), second.has('data.value', '1'));
    await world.when(turnTo(app.name, 'first', 'red'));
    await world.thenEventually(app.hasHealth('Degraded'));

    const cel = `- {status: Suspended, when: obj.status.color == "red", message: "'waits while ' + obj.status.color"}`;
    await world.kubectl.apply(settings({ [CEL]: cel }));
    await world.thenEventually(app.hasHealth('Suspended'));
    await world.kubectl.apply(settings({}));
    await world.thenEventually(app.isHealthy());
  });

  test('a script that fails or does not end is Unknown with the reason; others are judged', async () => {
    await world.given(
      world.repository('broken', { 'a.json': gadget('a'), 'b.yaml': configMap('b', '1') }),
    );
    const app = world.application('broken', {
      repoURL: world.git.urlOf('broken'),
      syncPolicy: true,
    });
    await world.kubectl.apply(settings({ [KIND]: 'local x = nil\nreturn x.y' }));
    await world.when(app.created());
    await world.thenEventually(
      app.isSynced(),
      app.hasHealth('Unknown'),
      app.hasCondition('ComparisonError', /error setting app health: .*\/a: .*:2:/),
    );
    await world.kubectl.apply(settings({ [KIND]: 'while true do end' }));
    await world.thenEventually(
      app.hasHealth('Unknown'),
      app.hasCondition('ComparisonError', /error setting app health: .*\/a: /),
    );
    await world.kubectl.apply(settings({ [KIND]: 'return { status = "Healthy" }' }));
    await world.thenEventually(app.isHealthy(), app.hasNoConditions());
  });
});
