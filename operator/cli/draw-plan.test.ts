import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPlan, type PlannedTask } from './draw-plan.ts';

const task = (
  phase: string,
  wave: number,
  action: PlannedTask['action'],
  kind: string,
  name: string,
  reason = '',
): PlannedTask => ({
  phase,
  wave,
  action,
  group: '',
  kind,
  namespace: kind === 'Namespace' ? '' : 'shop',
  name,
  reason,
});

test('a plan is drawn as phases, their waves, and what they hold', () => {
  const drawn = drawPlan([
    task('PreSync', 0, 'create', 'Namespace', 'shop', 'missing'),
    task('PreSync', 0, 'hook', 'Job', 'migrate'),
    task('Sync', -1, 'unchanged', 'ConfigMap', 'settings'),
    task('Sync', 1, 'update', 'Deployment', 'web', '/spec/replicas'),
    task('Sync', 1, 'prune', 'Deployment', 'old', 'gone from Git'),
    task('PostSync', 0, 'hook', 'Job', 'announce'),
  ]);
  assert.equal(
    drawn,
    `PreSync
└─ wave 0
   ├─ create     Namespace shop       missing
   └─ hook       Job shop/migrate
Sync
├─ wave -1
│  └─ unchanged  ConfigMap shop/settings
└─ wave 1
   ├─ update     Deployment shop/web  /spec/replicas
   └─ prune      Deployment shop/old  gone from Git
PostSync
└─ wave 0
   └─ hook       Job shop/announce
1 to create, 1 to update, 2 hooks to run, 1 to prune, 1 unchanged.
`,
  );
});

test('a plan of nothing says so', () => {
  assert.equal(drawPlan([]), 'Nothing to do.\n');
});
