import { load } from 'js-yaml';
import { joinPolicies, type Policy } from '../core/access/policy.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../core/objects/json.ts';
import type { MatchMode } from './compile-pattern.ts';
import { readPolicy } from './read-policy.ts';

/** What `argocd-rbac-cm` says. */
export interface AccessSettings {
  readonly policy: Policy;
  /** The role that everybody has; empty for none. */
  readonly defaultRole: string;
  readonly matchMode: MatchMode;
  readonly scopes: readonly string[];
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const MAIN = 'policy.csv';
const DEFAULT_SCOPES = ['groups'];

/** Reads the `data` of the ConfigMap: `policy.csv`, then every `policy.NAME.csv` by name. Never throws. */
export function readAccessSettings(data: JsonValue | undefined): AccessSettings {
  const keys = isJsonObject(data) ? data : {};
  const overlays = Object.keys(keys)
    .filter((key) => /^policy\..+\.csv$/.test(key))
    .toSorted();
  const read = [MAIN, ...overlays].map((key) => readPolicy(textOf(keys, key), key));
  const scopes = readScopes(textOf(keys, 'scopes'));
  return {
    policy: joinPolicies(...read.map(({ policy }) => policy)),
    defaultRole: textOf(keys, 'policy.default').trim(),
    matchMode: textOf(keys, 'policy.matchMode').trim() === 'regex' ? 'regex' : 'glob',
    scopes: scopes ?? DEFAULT_SCOPES,
    problems: [
      ...read.flatMap(({ problems }) => problems),
      ...(scopes === undefined ? ['scopes: is not a list of names of claims'] : []),
    ],
    warnings: read.flatMap(({ warnings }) => warnings),
  };
}

function readScopes(text: string): readonly string[] | undefined {
  if (text.trim() === '') return DEFAULT_SCOPES;
  let value: unknown;
  try {
    value = load(text);
  } catch {
    return undefined;
  }
  const names = isJsonArray(value as JsonValue) ? (value as readonly unknown[]) : undefined;
  return names?.every((name) => typeof name === 'string') ? names : undefined;
}

function textOf(keys: Readonly<Record<string, JsonValue | undefined>>, key: string): string {
  const value = keys[key];
  return typeof value === 'string' ? value : '';
}
