import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { filesOfPackage, type PythonPackage } from '../e2e/controlplane/python-packages.ts';
import { progressToStderr as log } from '../e2e/controlplane/tool-cache.ts';
import type { HelmSource } from '../operator/core/app/types.ts';
import type { JsonObject } from '../operator/core/objects/json.ts';
import type { Generator } from '../operator/ports/generator.ts';
import { createHelmGenerator } from './index.ts';
import { type Files, openWorkshop, type Workshop } from './testing/workshop.ts';
import { parseManifests } from './yaml/parse-manifests.ts';

// Charts that other people publish in their packages, through us and through helm by hand.

const signal = AbortSignal.timeout(600_000);

interface RealChart {
  readonly wheel: PythonPackage;
  readonly folder: string;
  /** Objects that the chart has at least, as it is. */
  readonly objects: number;
  readonly cases: readonly Case[];
}

interface Case {
  readonly name: string;
  readonly helm: HelmSource;
  /** Flags by hand; `VALUES` is a file of `helm.valuesObject`. */
  readonly flags: readonly string[];
}

/** Values as an object, which by hand are a file of JSON. */
const values = (name: string, object: JsonObject): Case => ({
  name,
  helm: { valuesObject: object },
  flags: ['--values', 'VALUES'],
});
const set = (name: string, ...parameters: readonly (readonly [string, string])[]): Case => ({
  name,
  helm: { parameters: parameters.map(([key, value]) => ({ name: key, value })) },
  flags: parameters.flatMap(([key, value]) => ['--set', `${key}=${value}`]),
});
const NOTHING: Case = { name: 'as it is', helm: {}, flags: [] };

const CHARTS: readonly RealChart[] = [
  {
    wheel: {
      name: 'dask-kubernetes',
      version: '2026.3.0',
      sha256: '5cf138e03cb1851063b82b74e9fd4679251238e3867fcae1e3682aada6410728',
    },
    folder: 'dask_kubernetes/operator/deployment/helm/dask-kubernetes-operator',
    objects: 8,
    cases: [
      NOTHING,
      { name: 'without CRDs', helm: { skipCrds: true }, flags: ['NO-CRDS'] },
      set('in one namespace', ['rbac.cluster', 'false'], ['serviceAccount.name', 'dask']),
      {
        name: 'with monitors',
        helm: {
          apiVersions: ['apps/v1', 'monitoring.coreos.com/v1'],
          parameters: [
            { name: 'metrics.scheduler.enabled', value: 'true' },
            { name: 'metrics.worker.enabled', value: 'true' },
          ],
        },
        flags: [
          ...['--set', 'metrics.scheduler.enabled=true', '--set', 'metrics.worker.enabled=true'],
          ...['--api-versions', 'apps/v1', '--api-versions', 'monitoring.coreos.com/v1'],
        ],
      },
      values('with values', {
        image: { tag: '2026.1', pullPolicy: 'Always' },
        imagePullSecrets: [{ name: 'registry' }],
        tolerations: [{ key: 'a', operator: 'Exists' }],
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        resources: { limits: { cpu: 0.5, memory: '256Mi' } },
      }),
    ],
  },
  {
    wheel: {
      name: 'inspect-k8s-sandbox',
      version: '0.14.0',
      sha256: '70bc8de299685e629e6856ea3697bba48112cce15d100d0e114345ac0d39842c',
    },
    folder: 'k8s_sandbox/resources/helm/agent-env',
    objects: 2,
    cases: [
      NOTHING,
      set(
        'with a list',
        ['allowDomains', '{pypi.org,*.example.com}'],
        ['allowEntities', '{world}'],
      ),
      values('with services, volumes and networks', {
        allowCIDR: ['10.0.0.0/8'],
        annotations: { note: 'yes', octal: '0644' },
        services: {
          default: { image: 'alpine:3', runtimeClassName: 'CLUSTER_DEFAULT' },
          db: {
            image: 'postgres:17',
            dnsRecord: true,
            additionalDnsRecords: ['db.example.com'],
            env: [{ name: 'POSTGRES_PASSWORD', value: 'on' }],
            ports: [{ protocol: 'TCP', port: 5432 }],
            volumes: ['data:/var/lib/postgresql'],
            readinessProbe: { exec: { command: ['pg_isready'] }, periodSeconds: 3 },
          },
        },
        volumes: { data: { spec: { resources: { requests: { storage: '1Gi' } } } } },
        additionalResources: [
          { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { n: '1e3' } },
        ],
      }),
    ],
  },
  {
    wheel: {
      name: 'ragleap-app-chart',
      version: '0.3.2',
      sha256: '21dcc8960a8e5729247ee4afd8c2928251e3e2cd64fa23586421991df8301c49',
    },
    folder: 'ragleap_app_chart/helm/ragleap-app-chart',
    objects: 1,
    cases: [
      NOTHING,
      ...['dev', 'staging', 'prod', 'example'].map((name) => ({
        name: `for ${name}`,
        helm: { valueFiles: [`values-${name}.yaml`] },
        flags: ['--values', `values-${name}.yaml`],
      })),
      {
        name: 'for all by a pattern, under another name',
        helm: { valueFiles: ['values-*.yaml'], releaseName: 'shop', namespace: 'other' },
        flags: [
          ...['dev', 'example', 'prod', 'staging'].flatMap((one) => [
            '--values',
            `values-${one}.yaml`,
          ]),
          ...['--name-template', 'shop', '--namespace', 'other'],
        ],
      },
    ],
  },
  {
    wheel: {
      name: 'ragleap-observability',
      version: '0.8.4',
      sha256: 'd1c2efdaf9381a25d0610b1ea779a1e586b4f2a598acea5c201c54d9ae972654',
    },
    folder: 'ragleap_observability/helm/ragleap-observability',
    objects: 10,
    cases: [
      set('with a password', ['grafana.admin.password', 'a\\,b$$c']),
      set(
        'with other parts',
        ...([
          ['grafana.admin.existingSecret', 'mine'],
          ['neo4jExporter.enabled', 'true'],
          ['slo.enabled', 'true'],
          ['alloy.enabled', 'true'],
          ['promtail.enabled', 'false'],
          ['alertmanager.receivers.slack.enabled', 'true'],
        ] as const),
      ),
      values('with little', {
        grafana: { enabled: false },
        loki: { enabled: false },
        promtail: { enabled: false },
        alertmanager: { enabled: false, receivers: null },
      }),
    ],
  },
];

describe('charts that others publish, through us and by hand', () => {
  let workshop: Workshop;
  let generator: Generator;
  let program = '';
  before(async () => {
    workshop = await openWorkshop();
    program = await workshop.program('helm', signal);
    generator = createHelmGenerator({ ...workshop.tool, program });
  });
  after(async () => {
    const left = await workshop.left();
    await workshop[Symbol.asyncDispose]();
    assert.deepEqual(left, [], 'every private folder is removed');
  });

  async function byHand(files: Files, { flags, helm }: Case) {
    const root = await workshop.folder(files);
    const file = join(root, 'values-by-hand.json');
    await writeFile(file, JSON.stringify(helm.valuesObject ?? {}));
    const usual = [
      ['--name-template', 'web'],
      ['--namespace', 'prod'],
      ['--kube-version', '1.36.3'],
      ...(flags.includes('--api-versions')
        ? []
        : [['--api-versions', 'apps/v1', '--api-versions', 'v1']]),
      ...(flags.includes('NO-CRDS') ? [] : [['--include-crds']]),
    ].filter(([flag = '']) => !flags.includes(flag));
    const own = flags
      .filter((flag) => flag !== 'NO-CRDS')
      .map((flag) => (flag === 'VALUES' ? file : flag.replaceAll('$$', '$')));
    const { stdout } = await promisify(execFile)(
      program,
      ['template', '.', ...usual.flat(), ...own],
      { cwd: root, env: { HOME: root }, maxBuffer: 50_000_000 },
    );
    return parseManifests(stdout, { file: 'by hand' });
  }

  for (const { wheel, folder, objects: least, cases } of CHARTS)
    describe(`${wheel.name} ${wheel.version}`, () => {
      let files: Files;
      before(async () => {
        files = await filesOfPackage(wheel, folder, { env: process.env, log, signal });
      });
      for (const one of cases)
        test(one.name, async () => {
          const source = { path: '.', helm: one.helm };
          const { objects } = await workshop.generate(generator, files, source, {}, signal);
          assert.deepEqual(objects, await byHand(files, one));
          if (one === NOTHING) assert.ok(objects.length >= least, `${objects.length} objects`);
        });
    });
});
