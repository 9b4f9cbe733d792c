import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import type { ApplicationSource } from '../operator/core/app/types.ts';
import type { TiphysError } from '../operator/core/errors.ts';
import { ANONYMOUS } from '../operator/core/repository/access.ts';
import { openTenant, refuses, type Tenant } from './testing/tenant.ts';
import { type Files, openWorkshop, type Workshop } from './testing/workshop.ts';

// Each incident that taught it by its number; docs/source-security.md is the table of them. After every
// attack nothing is left behind, and the neighbour's application renders.

const signal = AbortSignal.timeout(600_000);
type Source = Omit<ApplicationSource, 'repoURL'>;
type Code = TiphysError['code'];

const map = (name: string, value = 'a') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {v: ${JSON.stringify(value)}}\n`;
const CHART = {
  'web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'web/templates/map.yaml': map('web', '{{ .Values | toJson | b64enc }}'),
};
const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n';
const NEIGHBOUR = {
  'secret.yaml': 'password: hunter2\n',
  'other/Chart.yaml': 'apiVersion: v2\nname: other\nversion: 1.0.0\n',
  'other/values.yaml': 'password: hunter2\n',
};

describe('hostile sources', () => {
  let workshop: Workshop;
  let tenant: Tenant;

  before(async () => {
    workshop = await openWorkshop();
    tenant = await openTenant(workshop, { access: () => ANONYMOUS }, signal);
  });
  afterEach(async () => {
    assert.deepEqual(await tenant.left(), [], 'neither files nor processes are left');
    const { objects } = await tenant.render({ 'web/a.yaml': map('a') }, { path: 'web' });
    assert.equal(objects.length, 1, 'the neighbour is served');
  });
  after(() => workshop[Symbol.asyncDispose]());

  const attack = (
    name: string,
    files: Files,
    source: Source,
    code: Code,
    message: RegExp,
    hidden?: readonly string[],
  ) => {
    test(name, () => refuses(tenant.render(files, source), code, message, hidden));
  };

  describe('CVE-2022-24348, 24730: values files that leave the repository', () => {
    const ways: readonly (readonly [string, Code, RegExp])[] = [
      ['../../etc/passwd', 'UnsafePath', /outside repository root/],
      ['../../../../../../../../etc/passwd', 'UnsafePath', /outside repository root/],
      ['/../etc/passwd', 'UnsafePath', /outside repository root/],
      ['/etc/passwd', 'PathNotFound', /does not exist/],
      ['x/../../../etc/passwd', 'UnsafePath', /outside repository root/],
      ['$ARGOCD_APP_NAME/../../../etc/passwd', 'UnsafePath', /outside repository root/],
      ['..$NOTHING/..$NOTHING/etc/passwd', 'UnsafePath', /outside repository root/],
      ['../../etc/pass*', 'UnsafePath', /outside repository root/],
      ['**/../../../etc/passwd', 'UnsafePath', /outside repository root/],
    ];
    for (const [path, code, message] of ways) {
      attack(path, CHART, { path: 'web', helm: { valueFiles: [path] } }, code, message);
      const fileParameters = [{ name: 'x', path }];
      test(`${path} as a parameter`, () =>
        assert.rejects(tenant.render(CHART, { path: 'web', helm: { fileParameters } })));
    }
    attack('a path of the application', CHART, { path: '../..' }, 'UnsafePath', /outside root/);
    attack('an absolute path', CHART, { path: '/etc' }, 'UnsafePath', /is absolute/);
  });

  describe('CVE-2022-24731: URLs of values files', () => {
    for (const url of [
      'file:///etc/passwd',
      'FILE:///etc/passwd',
      'git+ssh://h/x',
      'ext::sh -c x://y',
    ]) {
      test(url, () =>
        assert.rejects(
          tenant.render(CHART, { path: 'web', helm: { valueFiles: [url] } }),
          (error) => {
            assert.match(String(error), /scheme '\S+' is not allowed|does not exist/);
            return true;
          },
        ),
      );
    }
  });

  describe('CVE-2022-24904, 31036: symbolic links', () => {
    const link = (linkTo: string) => ({ linkTo });
    const outs = [
      '/etc/passwd',
      '../../../../../../etc/passwd',
      '../../../x',
      '/proc/self/environ',
    ];
    for (const out of outs) {
      attack(
        `a manifest that is a link to ${out}`,
        { 'web/a.yaml': link(out) },
        { path: 'web' },
        'UnsafePath',
        /illegal filepath in symlink/,
      );
      attack(
        `values.yaml of a chart to ${out}`,
        { ...CHART, 'web/values.yaml': link(out) },
        { path: 'web' },
        'UnsafePath',
        /values\.yaml/,
      );
      attack(
        `a file of a chart to ${out}`,
        { ...CHART, 'web/files/x': link(out) },
        { path: 'web' },
        'UnsafePath',
        /files\/x/,
      );
      attack(
        `a named values file to ${out}`,
        { ...CHART, 'web/v.yaml': link(out) },
        { path: 'web', helm: { valueFiles: ['v.yaml'] } },
        'UnsafePath',
        /v\.yaml/,
      );
      attack(
        `a resource of a kustomization to ${out}`,
        { 'web/kustomization.yaml': 'resources: [a.yaml]', 'web/a.yaml': link(out) },
        { path: 'web' },
        'UnsafePath',
        /a\.yaml/,
      );
      attack(
        `overrides to ${out}`,
        { 'web/.argocd-source.yaml': link(out) },
        { path: 'web' },
        'UnsafePath',
        /argocd-source/,
      );
    }
    const chains: Files = {
      a: link('b'),
      b: link('c/d'),
      'c/d': link('../../etc/passwd'),
      'web/a.yaml': link('../a'),
    };
    attack('a chain of links', chains, { path: 'web' }, 'UnsafePath', /illegal filepath/);
    attack(
      'a circle of links',
      { 'web/a.yaml': link('b.yaml'), 'web/b.yaml': link('a.yaml') },
      { path: 'web' },
      'UnsafePath',
      /circle/,
    );
    attack(
      'a folder on the way that is a link',
      { up: link('..'), 'web/a.yaml': link('../up/etc/passwd') },
      { path: 'web' },
      'UnsafePath',
      /illegal filepath/,
    );
    attack(
      'an application path that is a link',
      { web: link('/etc') },
      { path: 'web' },
      'UnsafePath',
      /web/,
    );
    attack(
      'a folder of a chart that holds itself',
      { ...CHART, 'web/files/loop': link('..') },
      { path: 'web' },
      'UnsafePath',
      /folders deep, or a circle/,
    );
    test('links inside are followed, dangling ones passed over', async () => {
      const { objects } = await tenant.render(
        {
          'web/a.yaml': link('../real.yaml'),
          'real.yaml': map('real'),
          'web/b.yaml': link('gone.yaml'),
        },
        { path: 'web' },
      );
      assert.deepEqual(
        objects.map(({ metadata }) => metadata.name),
        ['real'],
      );
    });
  });

  describe("CVE-2023-40026: another tenant's chart files", () => {
    const read = (expression: string): Files => ({
      ...NEIGHBOUR,
      ...CHART,
      'web/templates/map.yaml': `${HEAD}data: {v: '{{ ${expression} | b64enc }}'}\n`,
    });
    for (const path of ['../other/values.yaml', '/etc/passwd', '../../../../etc/passwd']) {
      test(`.Files.Get of ${path} is empty`, async () => {
        const { objects } = await tenant.render(read(`.Files.Get "${path}"`), { path: 'web' });
        assert.deepEqual(objects[0]?.['data'], { v: '' });
      });
    }
    test('.Files.Glob sees the chart alone', async () => {
      const files = read(
        '"" }}{{ range $path, $_ := .Files.Glob "**" }}{{ $path }} {{ end }}{{ ""',
      );
      const { objects } = await tenant.render({ ...files, 'web/own.txt': '' }, { path: 'web' });
      assert.match(JSON.stringify(objects), /own\.txt/);
      assert.doesNotMatch(JSON.stringify(objects), /other|secret|passwd/);
    });
    attack(
      'the folders of other renders are nowhere to be found',
      read('.Files.Get "x"'),
      { path: 'web', helm: { valueFiles: ['../../../run-*/**/values.yaml'] } },
      'UnsafePath',
      /outside repository root/,
    );
  });

  describe('CVE-2022-24877: kustomizations that leave the repository', () => {
    const fields: readonly (readonly [string, string])[] = [
      ['a resource', 'resources: [../../../../../etc/passwd]'],
      ['an absolute resource', 'resources: [/etc/passwd]'],
      ['a base', 'resources: [../../../..]'],
      ['a component', 'components: [../../..]'],
      ['a generated file', 'configMapGenerator: [{name: x, files: [../../../../../etc/passwd]}]'],
      ['an absolute generated file', 'configMapGenerator: [{name: x, files: [/etc/passwd]}]'],
      ['variables of a Secret', 'secretGenerator: [{name: x, envs: [../../../../../etc/passwd]}]'],
      ['a patch', 'patches: [{path: ../../../../../etc/passwd}]'],
      ['a replacement', 'replacements: [{path: ../../../../../etc/passwd}]'],
      ['a schema', 'openapi: {path: ../../../../../etc/passwd}'],
      ['a transformer', 'transformers: [../../../../../etc/passwd]'],
      ['a CRD', 'crds: [../../../../../etc/passwd]'],
    ];
    for (const [name, text] of fields) {
      test(name, () =>
        assert.rejects(
          tenant.render(
            { 'web/kustomization.yaml': text, 'secret.yaml': map('s') },
            { path: 'web' },
          ),
          (error) => {
            assert.match(
              String(error),
              /outside the repository|not exist|no such file|not in or below|doesn't exist|cannot be absolute|absolute path|unable to|security/,
            );
            assert.doesNotMatch(String(error), /root:x:0/);
            return true;
          },
        ),
      );
    }
  });

  describe('CVE-2022-24878: kustomizations that include themselves', () => {
    const circles: readonly (readonly [string, Files])[] = [
      ['one', { 'web/kustomization.yaml': 'resources: [../web]' }],
      [
        'two',
        {
          'web/kustomization.yaml': 'resources: [../b]',
          'b/kustomization.yaml': 'resources: [../web]',
        },
      ],
      [
        'components',
        {
          'web/kustomization.yaml': 'components: [../c]',
          'c/kustomization.yaml':
            'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncomponents: [../c]',
        },
      ],
    ];
    for (const [name, files] of circles) {
      attack(
        name,
        files,
        { path: 'web' },
        'RenderFailed',
        /cycle|circular|too deep|itself|file name too long/i,
      );
    }
    attack(
      'a link',
      { 'web/kustomization.yaml': 'resources: [more]', 'web/more': { linkTo: '.' } },
      { path: 'web' },
      'UnsafePath',
      /perhaps a circle/,
    );
    attack(
      'Jsonnet',
      { 'web/a.jsonnet': 'import "a.jsonnet"' },
      { path: 'web' },
      'RenderFailed',
      /max stack frames exceeded/,
    );
    attack(
      'a chart',
      {
        ...CHART,
        'web/templates/map.yaml': '{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}',
      },
      { path: 'web' },
      'RenderFailed',
      /nested reference|stack|recursion/,
    );
  });

  describe('CVE-2021-41254: nothing reaches a shell, and no text becomes a flag', () => {
    const marker = '/tmp/tiphys-hostile-marker';
    const texts = [
      `$(touch ${marker})`,
      `\`touch ${marker}\``,
      `; touch ${marker} #`,
      `| touch ${marker}`,
      `\ntouch ${marker}\n`,
      '--post-renderer=/usr/bin/touch',
      `--output-dir=${marker}`,
      `-o${marker}`,
    ];
    const kustomization: Files = {
      'web/kustomization.yaml': 'resources: [a.yaml]',
      'web/a.yaml': map('a'),
    };
    for (const text of texts) {
      test(JSON.stringify(text), async () => {
        const parameters = [
          { name: text, value: text },
          { name: 'x', value: text, forceString: true },
        ];
        const helms: readonly NonNullable<Source['helm']>[] = [
          { releaseName: text },
          { namespace: text },
          { kubeVersion: text },
          { apiVersions: [text] },
          { valueFiles: [text] },
          { fileParameters: [{ name: text, path: 'web/Chart.yaml' }] },
          { parameters },
          { values: text },
          { version: text },
        ];
        const kustomizes: readonly NonNullable<Source['kustomize']>[] = [
          { namePrefix: text },
          { nameSuffix: text },
          { namespace: text },
          { images: [text] },
          { components: [text] },
          { commonLabels: { [text]: text } },
          { version: text },
          { patches: [{ path: text }] },
        ];
        const variable = [
          { name: 'x', value: text, code: true },
          { name: text, value: text },
        ];
        const attempts = [
          ...helms.map((helm) => tenant.render(CHART, { path: 'web', helm })),
          ...kustomizes.map((kustomize) =>
            tenant.render(kustomization, { path: 'web', kustomize }),
          ),
          tenant.render(
            { 'web/a.jsonnet': map('a') },
            { path: 'web', directory: { jsonnet: { extVars: variable, libs: [text] } } },
          ),
          tenant.render(CHART, { path: text }),
          tenant.render(CHART, { chart: text, targetRevision: '1.0.0' }),
          tenant.render(CHART, { chart: 'web', targetRevision: text }),
        ];
        await Promise.allSettled(attempts);
        assert.ok(!existsSync(marker), 'a program was started');
      });
    }
    test('templates in the name of a release read no variable: a proxy may have a password there', async () => {
      const env = { https_proxy: 'http://jane:hunter2@proxy.invalid' };
      const proxied = await openTenant(
        workshop,
        { access: () => ANONYMOUS, tool: { env } },
        signal,
      );
      for (const releaseName of ['{{ env "https_proxy" }}', '{{ getHostByName "localhost" }}'])
        await refuses(
          proxied.render(CHART, { path: 'web', helm: { releaseName } }),
          'InvalidSpec',
          /the Helm release name ".+" is invalid$/,
          ['hunter2', '127.0.0.1'],
        );
    });
    test('functions of a kustomization are not run', () =>
      assert.rejects(
        tenant.render(
          {
            'web/kustomization.yaml': 'generators: [fn.yaml]',
            'web/fn.yaml': `apiVersion: x/v1\nkind: X\nmetadata:\n  name: x\n  annotations:\n    config.kubernetes.io/function: |\n      exec: {path: ./run.sh}\n`,
            'web/run.sh': `#!/bin/sh\ntouch ${marker}\n`,
          },
          { path: 'web' },
        ),
        () => !existsSync(marker),
      ));
    test('post-renderers and plugins of a chart are not run', async () => {
      await tenant.render(
        { ...CHART, 'web/plugin.yaml': `name: x\nhooks: {install: "touch ${marker}"}\n` },
        { path: 'web' },
      );
      assert.ok(!existsSync(marker));
    });
  });
});
