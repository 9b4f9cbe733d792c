import type { Policy, PolicyRule } from './policy.ts';

/** Whether a text is one of those that a pattern means. */
export type Matcher = (text: string) => boolean;

/** Compiles a pattern of a policy; one that is not well formed matches nothing. */
export type CompilePattern = (pattern: string) => Matcher;

/** What one subject is told, and the rule that decides; without one nothing was said. */
export interface Verdict {
  readonly allowed: boolean;
  readonly rule: PolicyRule | undefined;
}

/** A policy, compiled. Every subject is judged for itself: the first deny that matches, else the first allow. */
export interface Enforcer {
  /** Judges about one resource and action; the rules that count are found once for each subject. */
  about(resource: string, action: string): Judge;
  /** Whether a `g` line begins with this name. */
  hasRoles(name: string): boolean;
}

/** What one subject is told about one object. */
export type Judge = (subject: string, object: string) => Verdict;

interface CompiledRule {
  readonly rule: PolicyRule;
  readonly resource: Matcher;
  readonly action: Matcher;
  readonly object: Matcher;
}

/** Roles of roles of roles, no deeper; as casbin has it. */
const MAX_DEPTH = 10;
/** Subjects and questions whose rules are remembered: those of a list are about many objects each. */
const MAX_REMEMBERED = 10_000;

const NOTHING_SAID: Verdict = { allowed: false, rule: undefined };

/** A policy whose patterns are compiled, to be a part of enforcers. */
export interface CompiledPolicy {
  readonly rulesOf: ReadonlyMap<string, readonly CompiledRule[]>;
  readonly rolesOf: ReadonlyMap<string, readonly string[]>;
}

export function compilePolicy({ rules, links }: Policy, compile: CompilePattern): CompiledPolicy {
  const patterns = new Map<string, Matcher>();
  const compiled = (pattern: string): Matcher => {
    const known = patterns.get(pattern);
    if (known !== undefined) return known;
    const matcher = compile(pattern);
    patterns.set(pattern, matcher);
    return matcher;
  };
  const rulesOf = new Map<string, CompiledRule[]>();
  for (const rule of rules) {
    const { resource, action, object } = rule;
    const own = rulesOf.get(rule.subject) ?? [];
    own.push({
      rule,
      resource: compiled(resource),
      action: compiled(action),
      object: compiled(object),
    });
    rulesOf.set(rule.subject, own);
  }
  const rolesOf = new Map<string, string[]>();
  for (const { subject, role } of links)
    rolesOf.set(subject, [...(rolesOf.get(subject) ?? []), role]);
  return { rulesOf, rolesOf };
}

/**
 * Decides by some policies together. A question costs the rules that its subject, resource and action
 * leave over, which are remembered: a list of thousands of objects is decided by a few patterns.
 */
export function createEnforcer(policies: readonly CompiledPolicy[]): Enforcer {
  const remembered = new Map<string, Map<string, readonly CompiledRule[]>>();
  let count = 0;

  /** The subject and all its roles. */
  function namesOf(subject: string): ReadonlySet<string> {
    const names = new Set([subject]);
    let latest: readonly string[] = [subject];
    for (let depth = 0; depth < MAX_DEPTH && latest.length > 0; depth += 1) {
      latest = latest
        .flatMap((name) => policies.flatMap(({ rolesOf }) => rolesOf.get(name) ?? []))
        .filter((role) => !names.has(role));
      for (const role of latest) names.add(role);
    }
    return names;
  }

  /** Denials first, each in the order of the policy. */
  function rulesFor(subject: string, resource: string, action: string): readonly CompiledRule[] {
    return [...namesOf(subject)]
      .flatMap((name) => policies.flatMap(({ rulesOf }) => rulesOf.get(name) ?? []))
      .filter((rule) => rule.resource(resource) && rule.action(action))
      .toSorted((left, right) => rank(left) - rank(right));
  }

  /** Before something more is remembered. */
  function makeRoom(): void {
    if (count >= MAX_REMEMBERED) {
      for (const ofSubject of remembered.values()) ofSubject.clear();
      remembered.clear();
      count = 0;
    }
    count += 1;
  }

  function rememberedOf(question: string): Map<string, readonly CompiledRule[]> {
    const known = remembered.get(question);
    if (known !== undefined) return known;
    makeRoom();
    const ofSubject = new Map<string, readonly CompiledRule[]>();
    remembered.set(question, ofSubject);
    return ofSubject;
  }

  return {
    about(resource, action) {
      const ofSubject = rememberedOf(`${resource}\n${action}`);
      return (subject, object) => {
        let rules = ofSubject.get(subject);
        if (rules === undefined) {
          rules = rulesFor(subject, resource, action);
          makeRoom();
          ofSubject.set(subject, rules);
        }
        const decisive = rules.find((rule) => rule.object(object));
        if (decisive === undefined) return NOTHING_SAID;
        return { allowed: decisive.rule.effect === 'allow', rule: decisive.rule };
      };
    },
    hasRoles: (name) => policies.some(({ rolesOf }) => rolesOf.has(name)),
  };
}

const rank = ({ rule }: CompiledRule): number => (rule.effect === 'deny' ? 0 : 1);
