import type { ProjectRole } from '../../core/app/types.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../core/objects/json.ts';
import type { KubeObject } from '../../core/objects/kube-object.ts';

/** The tokens of roles as the status of a project has them. */
export function tokensByRole(roles: readonly ProjectRole[]): JsonObject {
  const entries = roles.flatMap(({ name, jwtTokens }) => {
    const items = (jwtTokens ?? []).map((token) => ({ ...token }) as JsonObject);
    return items.length === 0 ? [] : [[name, { items }] as const];
  });
  return Object.fromEntries(entries);
}

/**
 * A project as somebody wants it, with the tokens that its roles have: who sends a project neither
 * makes tokens nor brings back those that were revoked. Those of roles that it no longer has are gone.
 */
export function withTokensOf(existing: KubeObject, wanted: KubeObject): KubeObject {
  const kept = storedTokens(existing);
  const spec = isJsonObject(wanted['spec']) ? wanted['spec'] : {};
  const roles = spec['roles'];
  if (!isJsonArray(roles)) return wanted;
  const withTokens = roles.map((role) => {
    if (!isJsonObject(role)) return role;
    const { jwtTokens: _sent, ...rest } = role;
    const tokens = kept.get(nameOf(role)) ?? [];
    return tokens.length === 0 ? rest : { ...rest, jwtTokens: tokens };
  });
  return { ...wanted, spec: { ...spec, roles: withTokens } };
}

/** By role: those of the spec, and those that only the status has. */
export function storedTokens(project: KubeObject): ReadonlyMap<string, readonly JsonObject[]> {
  const found = new Map<string, JsonObject[]>();
  const add = (role: string, token: JsonValue) => {
    if (!isJsonObject(token)) return;
    const tokens = found.get(role) ?? [];
    if (!tokens.some((other) => isSame(other, token))) tokens.push(token);
    found.set(role, tokens);
  };
  const roles = member(project['spec'], 'roles');
  for (const role of isJsonArray(roles) ? roles : []) {
    const tokens = member(role, 'jwtTokens');
    for (const token of isJsonArray(tokens) ? tokens : []) add(nameOf(role), token);
  }
  const byRole = member(project['status'], 'jwtTokensByRole');
  for (const [role, list] of Object.entries(isJsonObject(byRole) ? byRole : {})) {
    const items = member(list, 'items');
    for (const token of isJsonArray(items) ? items : []) add(role, token);
  }
  return found;
}

function isSame(left: JsonObject, right: JsonObject): boolean {
  const [id, other] = [left['id'] ?? '', right['id'] ?? ''];
  return id === '' && other === '' ? left['iat'] === right['iat'] : id === other;
}

function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

function nameOf(role: JsonValue): string {
  const name = member(role, 'name');
  return typeof name === 'string' ? name : '';
}
