/** A `p` line: what a subject may do, or may not. */
export interface PolicyRule {
  readonly subject: string;
  /** These three are patterns. */
  readonly resource: string;
  readonly action: string;
  readonly object: string;
  readonly effect: 'allow' | 'deny';
  /** Where it stands, for people: `policy.csv:3`. */
  readonly origin: string;
}

/** A `g` line: the subject has the role, and whatever roles that one has. */
export interface RoleLink {
  readonly subject: string;
  readonly role: string;
}

export interface Policy {
  readonly rules: readonly PolicyRule[];
  readonly links: readonly RoleLink[];
}

export function joinPolicies(...policies: readonly Policy[]): Policy {
  return {
    rules: policies.flatMap(({ rules }) => rules),
    links: policies.flatMap(({ links }) => links),
  };
}

/** A rule as it is written. */
export function formatRule({ subject, resource, action, object, effect }: PolicyRule): string {
  return `p, ${subject}, ${resource}, ${action}, ${object === '' ? '""' : object}, ${effect}`;
}
