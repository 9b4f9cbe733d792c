import type { FileChanges } from '../../controlplane/git-repository.ts';
import { chart, configMap, under } from '../manifests.ts';
import { shellRows } from './shells.ts';

/** One Application of somebody whom nobody trusts. */
export interface HostileRow {
  readonly name: string;
  readonly files?: FileChanges['files'];
  /** Default: the repository with `files`. */
  readonly repoURL?: string;
  readonly path?: string;
  readonly targetRevision?: string;
  readonly source?: object;
  readonly spec?: object;
  /** What its condition says; `fine` for what does no harm. */
  readonly says: RegExp | 'fine';
  /** Default `ComparisonError`; `operation` for what the API server says of the objects. */
  readonly condition?: string;
}

/** Where they point to. */
export interface Targets {
  /** URL of a repository of an HTTP server with charts, by its folder. */
  readonly charts: (folder: string) => string;
  /** URL of an artifact. */
  readonly artifact: (name: string) => string;
  /** Of a repository that wants credentials and gets wrong ones. */
  readonly locked: string;
  /** A file that a program would make if it were started. */
  readonly marker: string;
}

const link = (linkTo: string) => ({ linkTo });
const web = under('web', {
  'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'templates/map.yaml': configMap('web', '{{ .Values | toJson | b64enc }}'),
});
const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n';

/** Nine of nine of nine …; the last is `a11`. */
export const LAUGHS: string = Array.from({ length: 12 }, (_, level) => {
  const inner = level === 0 ? '"lol"' : `*a${level - 1}`;
  return `a${level}: &a${level} [${Array.from({ length: 9 }, () => inner).join(', ')}]\n`;
}).join('');

export function hostileRows(to: Targets): readonly HostileRow[] {
  return [
    ...paths(),
    ...links(),
    ...tenants(),
    ...circlesAndBombs(),
    ...archives(to),
    ...shellRows(to, web),
    ...leaks(to),
  ];
}

/** CVE-2022-24348, 24730, 24731, 24877. */
const paths = (): readonly HostileRow[] => [
  {
    name: 'values-out',
    files: web,
    path: 'web',
    source: { helm: { valueFiles: ['../../../../etc/passwd'] } },
    says: /outside repository root/,
  },
  {
    name: 'parameter-out',
    files: web,
    path: 'web',
    source: { helm: { fileParameters: [{ name: 'x', path: '../../../etc/passwd' }] } },
    says: /outside repository root/,
  },
  {
    name: 'values-url',
    files: web,
    path: 'web',
    source: { helm: { valueFiles: ['file:///etc/passwd'] } },
    says: /the URL scheme 'file' is not allowed/,
  },
  { name: 'path-out', files: web, path: '../..', says: /app path outside root/ },
  {
    name: 'resource-out',
    files: { 'kustomization.yaml': 'resources: [../../../../etc/passwd]\n' },
    says: /leads outside the repository/,
  },
  {
    name: 'generator-out',
    files: {
      'kustomization.yaml': 'configMapGenerator: [{name: x, files: [/etc/passwd]}]\n',
    },
    says: /\/etc\/passwd/,
  },
];

/** CVE-2022-24904, 31036. */
const links = (): readonly HostileRow[] => [
  {
    name: 'link-out',
    files: { 'a.yaml': link('/etc/passwd') },
    says: /illegal filepath in symlink/,
  },
  {
    name: 'link-chained',
    files: { 'web/a.yaml': link('../b'), b: link('c/d'), 'c/d': link('../../../etc/passwd') },
    path: 'web',
    says: /illegal filepath in symlink/,
  },
  {
    name: 'link-circle',
    files: { 'a.yaml': link('b.yaml'), 'b.yaml': link('a.yaml') },
    says: /circle/,
  },
  {
    name: 'link-dangling',
    files: { ...web, 'web/v.yaml': link('gone.yaml') },
    path: 'web',
    source: { helm: { valueFiles: ['v.yaml'] } },
    says: /v\.yaml" does not exist/,
  },
  {
    name: 'link-in',
    files: { 'web/a.yaml': link('../real.yaml'), 'real.yaml': configMap('real', '1') },
    path: 'web',
    says: 'fine',
  },
  {
    name: 'link-chart',
    files: { ...web, 'web/files/x': link('/proc/self/environ') },
    path: 'web',
    says: /files\/x/,
  },
];

/** CVE-2023-40026. */
const tenants = (): readonly HostileRow[] => [
  {
    name: 'neighbour-files',
    files: {
      ...web,
      'other/values.yaml': 'password: hunter2\n',
      'web/templates/map.yaml': `${HEAD}data: {v: {{ required "there is nothing to read" (.Files.Get "../other/values.yaml") | quote }}}\n`,
    },
    path: 'web',
    says: /there is nothing to read/,
  },
];

/** CVE-2022-24878, CVE-2022-31016. */
const circlesAndBombs = (): readonly HostileRow[] => [
  {
    name: 'itself',
    files: { 'web/kustomization.yaml': 'resources: [../web]\n' },
    path: 'web',
    says: /cycle|itself/,
  },
  {
    name: 'each-other',
    files: {
      'web/kustomization.yaml': 'resources: [../b]\n',
      'b/kustomization.yaml': 'resources: [../web]\n',
    },
    path: 'web',
    says: /cycle|itself/,
  },
  {
    name: 'aliases',
    files: { 'a.yaml': `${HEAD}data:\n${LAUGHS.replace(/^/gm, '  ')}` },
    says: /a\.yaml.*references are written out/,
  },
  {
    name: 'aliases-kustomize',
    files: {
      'kustomization.yaml': 'resources: [a.yaml]\n',
      'a.yaml': `${HEAD}data:\n${LAUGHS.replace(/^/gm, '  ')}`,
    },
    says: /kustomize\S*: needs more than 1073741824 bytes of memory/,
  },
  {
    name: 'large',
    files: { 'a.yaml': `${HEAD}data: {v: ${'x'.repeat(99_000_000)}}\n` },
    says: /exceeded max combined manifest file size|a\.yaml/,
  },
  {
    name: 'documents',
    files: { 'a.yaml': HEAD + '---\na: 1\n'.repeat(1_000_000) },
    says: /more than 20000 documents/,
  },
];

/** CVE-2023-40584, CVE-2024-29893. */
const archives = ({ charts, artifact }: Targets): readonly HostileRow[] => {
  const inIndex = (folder: string, targetRevision: string) => ({
    repoURL: charts(folder),
    targetRevision,
    source: { chart: 'web' },
  });
  return [
    {
      name: 'chart-grows',
      ...inIndex('bomb', '1.0.0'),
      says: /chart web 1\.0\.0 of .*(exceeds|larger than|maximum)/s,
    },
    {
      name: 'chart-outside',
      ...inIndex('outside', '1.0.0'),
      says: /chart web 1\.0\.0 of .*(illegal|outside|invalid)/s,
    },
    {
      name: 'index-endless',
      ...inIndex('endless', '1.x'),
      says: /helm\S*: needs more than 1073741824 bytes of memory/,
    },
    { name: 'index-aliases', ...inIndex('laughs', '1.x'), says: /chart web 1\.x of / },
    {
      name: 'artifact-grows',
      repoURL: artifact('team/bomb'),
      targetRevision: '1.0.0',
      says: /team\/bomb.*more than 20000000 bytes/s,
    },
    {
      name: 'artifact-outside',
      repoURL: artifact('team/outside'),
      targetRevision: '1.0.0',
      says: /team\/outside.*leads upwards/s,
    },
  ];
};

/** CVE-2024-32476, CVE-2025-55190, CVE-2023-25163. */
const leaks = ({ charts, locked }: Targets): readonly HostileRow[] => [
  {
    name: 'jq',
    files: under('web', chart('jq')),
    path: 'web',
    spec: {
      ignoreDifferences: [
        { group: '*', kind: '*', jqPathExpressions: ['.data | last(repeat(.))'] },
      ],
    },
    condition: 'IgnoreDifferencesWarning',
    says: /jq|last\(repeat/,
  },
  {
    name: 'credentials-helm',
    repoURL: charts('echo'),
    targetRevision: '1.x',
    source: { chart: 'web' },
    says: /chart web 1\.x of .*403/s,
  },
  { name: 'credentials-git', repoURL: locked, says: /locked\.git/ },
];
