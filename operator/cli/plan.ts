import { compareObject, type CompareOptions, FIELD_MANAGER } from '../core/diff/compare-object.ts';
import { lastAppliedOf } from '../core/diff/last-applied.ts';
import type { Application, SyncOperation } from '../core/app/types.ts';
import { TiphysError } from '../core/errors.ts';
import {
  keyOf,
  parseResourceKey,
  resourceKey,
  type KubeObject,
} from '../core/objects/kube-object.ts';
import { isHook } from '../core/sync/hooks.ts';
import { parseSyncOptions } from '../core/sync/options.ts';
import { planSync, type SyncPair, type SyncTask } from '../core/sync/plan-sync.ts';
import { DEFAULT_TRACKING, instanceOf, isSelfReferenced } from '../core/tracking/tracking.ts';
import { onlyOperand, parseArguments } from './arguments.ts';
import { EXIT_DIFFERENT, EXIT_OK, type Command } from './command.ts';
import { drawPlan, type PlannedTask } from './draw-plan.ts';
import { outputFormat, writeValue } from './output.ts';
import { readApplication, readObjects } from './read-objects.ts';
import {
  RENDER_HELP,
  RENDER_OPTIONS,
  renderApplication,
  type RenderedApplication,
} from './render-application.ts';

export const plan: Command = {
  name: 'plan',
  summary: 'Say what a sync would do, given live objects from a file',
  usage: 'APPLICATION.yaml --live FILE [--prune] [--repo-dir DIR] [-o table|json|yaml]',
  help: `Exit code 0: nothing to do. 1: something to do. 2: an error.\n\n  --live FILE          live objects; kubectl get … -o yaml writes such files\n  --prune              also delete what is gone from Git, as automated.prune does\n${RENDER_HELP}`,
  async run(args, io) {
    const { values, positionals } = parseArguments(args, {
      ...RENDER_OPTIONS,
      live: { type: 'string' },
      prune: { type: 'boolean', default: false },
    });
    const format = outputFormat(values.output, 'table');
    if (values.live === undefined) throw new TiphysError('InvalidConfig', '--live FILE is missing');
    const app = await readApplication(onlyOperand(positionals, 'APPLICATION.yaml'), io);
    const live = await readObjects(values.live, io);
    const rendered = await renderApplication(app, live, values, io, app.operation?.sync);
    const operation = operationOf(app, values.prune);
    const tasks = planTasks({ app, live, rendered, operation });
    writeValue(io, format, tasks, () => io.stdout.write(drawPlan(tasks)));
    const idle = tasks.every(({ action }) => action === 'unchanged' || action === 'keep');
    return idle ? EXIT_OK : EXIT_DIFFERENT;
  },
};

/** The operation that waits in the object, else the one that automation would begin. */
function operationOf(app: Application, prune: boolean): SyncOperation {
  const { automated, syncOptions } = app.spec.syncPolicy ?? {};
  const wanted = app.operation?.sync ?? { prune: automated?.prune, syncOptions };
  return prune ? { ...wanted, prune } : wanted;
}

interface PlanQuestion {
  readonly app: Application;
  readonly live: readonly KubeObject[];
  readonly rendered: RenderedApplication;
  readonly operation: SyncOperation;
}

/** Of custom resources nothing but the files is known. */
const FROM_FILES: CompareOptions = { fieldManager: FIELD_MANAGER, guess: true };

function planTasks({ app, live, rendered, operation }: PlanQuestion): PlannedTask[] {
  const { targets, revision, instance } = rendered;
  const standing = new Map(live.map((object) => [keyOf(object), object]));
  const keys = new Set(targets.resources.keys());
  for (const [key, object] of standing)
    if (instanceOf(object, DEFAULT_TRACKING) === instance && !isHook(object)) keys.add(key);
  const pairs = [...keys].map((key): SyncPair => {
    const target = targets.resources.get(key);
    const actual = standing.get(key);
    return {
      id: parseResourceKey(key),
      target,
      live: actual,
      comparison: compareObject(target, actual, FROM_FILES),
      owned: actual !== undefined && isOwned(actual),
      selfReferenced: actual === undefined || isSelfReferenced(actual, target, DEFAULT_TRACKING),
    };
  });
  const namespace = app.spec.destination.namespace ?? '';
  const home = resourceKey({ group: '', kind: 'Namespace', namespace: '', name: namespace });
  const { tasks } = planSync({
    pairs,
    hooks: targets.hooks,
    operation,
    options: parseSyncOptions(operation.syncOptions),
    namespace,
    liveNamespace: standing.get(home),
    managedNamespaceMetadata: app.spec.syncPolicy?.managedNamespaceMetadata,
    revision,
    startedAtSeconds: 0,
    attempt: 0,
    results: new Map(),
    live: (key) => standing.get(key),
    refuse: () => undefined,
  });
  return tasks.map((task) => describe(task, operation.prune === true));
}

/** `kubectl get -o yaml` leaves managedFields out unless asked; then nothing speaks against it. */
function isOwned(live: KubeObject): boolean {
  if (live.metadata.managedFields === undefined) return true;
  return lastAppliedOf(live, FIELD_MANAGER).type === 'applied';
}

function describe(task: SyncTask, prune: boolean): PlannedTask {
  const { phase, wave, group, kind, namespace, name } = task;
  return { phase, wave, ...judge(task, prune), group, kind, namespace, name };
}

function judge(task: SyncTask, prune: boolean): Pick<PlannedTask, 'action' | 'reason'> {
  switch (task.type) {
    case 'hook':
      return { action: 'hook', reason: task.live === undefined ? '' : 'an old one is there' };
    case 'prune':
      if (!prune) return { action: 'keep', reason: 'gone from Git, and pruning is off' };
      if (task.prune === 'no') return { action: 'keep', reason: 'Prune=false' };
      return {
        action: 'prune',
        reason: task.prune === 'confirm' ? 'after approval' : 'gone from Git',
      };
    case 'apply': {
      if (task.live === undefined) return { action: 'create', reason: 'missing' };
      const comparison = compareObject(task.target, task.live, FROM_FILES);
      if (comparison.type === 'different')
        return { action: 'update', reason: comparison.paths.join(', ') };
      return task.unchanged
        ? { action: 'unchanged', reason: '' }
        : { action: 'update', reason: 'equal, but not applied by us yet' };
    }
  }
}
