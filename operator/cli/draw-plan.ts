/** What a sync would do to one object. */
export interface PlannedTask {
  readonly phase: string;
  readonly wave: number;
  readonly action: 'create' | 'update' | 'unchanged' | 'prune' | 'keep' | 'hook';
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly reason: string;
}

/**
 * Draws tasks, given in the order of their execution, as a tree: phase, wave, object. A phase or a
 * wave that comes up again is drawn again, for the order is what the drawing is for. The last line
 * counts the actions.
 */
export function drawPlan(tasks: readonly PlannedTask[]): string {
  const actionWidth = widest(tasks.map(({ action }) => action));
  const titleWidth = widest(tasks.filter(({ reason }) => reason !== '').map(titleOf));
  const leaf = (task: PlannedTask): string =>
    [task.action.padEnd(actionWidth), titleOf(task).padEnd(titleWidth), task.reason]
      .join('  ')
      .trimEnd();
  const lines = runsOf(tasks, ({ phase }) => phase).flatMap(([phase, ofPhase]) => [
    phase,
    ...branches(
      runsOf(ofPhase, ({ wave }) => String(wave)).map(([wave, ofWave]) => [
        `wave ${wave}`,
        ...branches(ofWave.map((task) => [leaf(task)])),
      ]),
    ),
  ]);
  return [...lines, summaryOf(tasks), ''].join('\n');
}

function titleOf({ kind, namespace, name }: PlannedTask): string {
  return namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, length), 0);
}

/** Neighbours with the same key, together. */
function runsOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
): readonly (readonly [key: string, items: readonly T[]])[] {
  const runs: [string, T[]][] = [];
  for (const item of items) {
    const last = runs.at(-1);
    if (last?.[0] === keyOf(item)) last[1].push(item);
    else runs.push([keyOf(item), [item]]);
  }
  return runs;
}

/** Each block is a title and what hangs below it. */
function branches(blocks: readonly (readonly string[])[]): readonly string[] {
  return blocks.flatMap((block, index) => {
    const isLast = index === blocks.length - 1;
    return block.map((line, at) =>
      at === 0 ? `${isLast ? '└─' : '├─'} ${line}` : `${isLast ? '   ' : '│  '}${line}`,
    );
  });
}

const COUNTED: readonly (readonly [PlannedTask['action'], string])[] = [
  ['create', 'to create'],
  ['update', 'to update'],
  ['hook', 'to run'],
  ['prune', 'to prune'],
  ['keep', 'to keep'],
  ['unchanged', 'unchanged'],
];

function summaryOf(tasks: readonly PlannedTask[]): string {
  const counts = COUNTED.flatMap(([action, words]) => {
    const count = tasks.filter((task) => task.action === action).length;
    if (count === 0) return [];
    return [
      action === 'hook'
        ? `${count} ${count === 1 ? 'hook' : 'hooks'} ${words}`
        : `${count} ${words}`,
    ];
  });
  return counts.length === 0 ? 'Nothing to do.' : `${counts.join(', ')}.`;
}
