import { fnv1a32 } from '../fnv.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import {
  bareRecord,
  FLAGS,
  NUMBERS,
  OWN_TEXTS,
  TEMPLATE_TEXTS,
  type RepositoryRecord,
} from './repository-record.ts';

export type RegistrationType =
  | 'repository'
  | 'repo-creds'
  | 'repository-write'
  | 'repo-write-creds';

/** What marks a Secret that was made through the API: it may be deleted there. */
export const MANAGED_BY = { 'managed-by': 'argocd.argoproj.io' } as const;
export const SECRET_TYPE_LABEL = 'argocd.argoproj.io/secret-type';

const PREFIXES: Readonly<Record<RegistrationType, string>> = {
  repository: 'repo',
  'repo-creds': 'creds',
  'repository-write': 'repo-write',
  'repo-write-creds': 'creds-write',
};

/** The name that the Secret of a registration gets. */
export function registrationName(
  type: RegistrationType,
  { url, project }: Pick<RepositoryRecord, 'url' | 'project'>,
): string {
  return `${PREFIXES[type]}-${fnv1a32(url + project)}`;
}

/** A registration as somebody sends it: what is absent is empty, false or 0. */
export function recordFrom(url: string, sent: Readonly<Record<string, unknown>>): RepositoryRecord {
  const given = (names: readonly string[], type: string) =>
    names.flatMap((name) => (typeof sent[name] === type ? [[name, sent[name]] as const] : []));
  return {
    ...bareRecord(url),
    ...Object.fromEntries([
      ...given([...OWN_TEXTS, ...TEMPLATE_TEXTS], 'string'),
      ...given(FLAGS, 'boolean'),
      ...given(NUMBERS, 'number'),
    ]),
    url,
  };
}

/** The texts of the Secret of a registration; what is empty is left out. */
export function registrationTexts(
  type: RegistrationType,
  record: RepositoryRecord,
): Readonly<Record<string, string>> {
  const own: readonly string[] = isTemplate(type) ? ['url'] : OWN_TEXTS;
  const values = [...own, ...TEMPLATE_TEXTS, ...FLAGS, ...NUMBERS].flatMap((key) => {
    const value = record[key as (typeof TEMPLATE_TEXTS)[number]] as string | boolean | number;
    if (value === '' || value === false || value === 0) return [];
    return [[spelled(type, key), String(value)] as const];
  });
  return Object.fromEntries(values);
}

/** Credentials for every repository whose URL begins so, not a repository. */
export function isTemplate(type: RegistrationType): boolean {
  return type === 'repo-creds' || type === 'repo-write-creds';
}

/** Templates spell two keys of Azure differently. */
function spelled(type: RegistrationType, key: string): string {
  return isTemplate(type) ? key.replace(/(Client|Tenant)Id$/, '$1ID') : key;
}

/** The Secret of a new registration. */
export function registrationSecret(
  type: RegistrationType,
  record: RepositoryRecord,
  namespace: string,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: registrationName(type, record),
      namespace,
      labels: { [SECRET_TYPE_LABEL]: type },
      annotations: MANAGED_BY,
    },
    type: 'Opaque',
    stringData: registrationTexts(type, record),
  };
}
