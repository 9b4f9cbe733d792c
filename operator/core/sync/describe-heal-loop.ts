import type { Opponent } from '../diff/owned-differences.ts';
import { formatPath } from '../objects/json-path.ts';

/** An object that is set back as often as it is healed. */
export interface HealLoop {
  /** Fields that differ, as text. */
  readonly paths: readonly string[];
  /** Healings in a row. */
  readonly count: number;
  /** Who owns them, as far as the managed fields tell. */
  readonly opponents: readonly Opponent[];
}

const MAX_MANAGERS = 3;
const MAX_FIELDS = 5;

/** What `HealLoopWarning` says of one object: the fields, the manager, and what to do. One line. */
export function describeHealLoop({ paths, count, opponents }: HealLoop): string {
  const owned = opponents.flatMap(({ differences }) =>
    differences.map(({ live }) => formatPath(live)),
  );
  const fields = [...new Set(owned.length > 0 ? owned : paths)].slice(0, MAX_FIELDS);
  return (
    `${fields.join(', ')} ${fields.length === 1 ? 'was' : 'were'} set back ${count} times in a row` +
    ` by ${whoOf(opponents)}, so self-heal leaves the object alone.` +
    ` Take the fields out of Git, or ${ruleFor(opponents)},` +
    ' or stop that manager; a new desired state or a sync by hand begins anew.'
  );
}

function whoOf(opponents: readonly Opponent[]): string {
  const names = namesOf(opponents).map((name) => `"${name}"`);
  if (names.length === 0) return 'an unknown manager';
  const versions = new Set(opponents.flatMap(({ otherVersion }) => otherVersion ?? []));
  const who = `field manager ${names.join(', ')}`;
  if (versions.size === 0) return who;
  return `${who} (which writes ${[...versions].join(', ')}, where the fields have other names)`;
}

/** A rule by manager goes by the names of fields, and so does not reach those of another version. */
function ruleFor(opponents: readonly Opponent[]): string {
  const isNamed = opponents.some(({ otherVersion }) => otherVersion === undefined);
  return isNamed
    ? `add ignoreDifferences with managedFieldsManagers: [${namesOf(opponents).join(', ')}]`
    : 'add ignoreDifferences with jsonPointers for them';
}

const namesOf = (opponents: readonly Opponent[]): readonly string[] =>
  [...new Set(opponents.map(({ manager }) => manager))].slice(0, MAX_MANAGERS);
