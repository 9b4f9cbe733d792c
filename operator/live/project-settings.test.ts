import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readProjectSettings } from './project-settings.ts';

const prefix = 'application.sync.impersonation';

test('nothing said: no impersonation, and enforced once it is on', () => {
  for (const data of [undefined, {}, 'text'])
    assert.deepEqual(readProjectSettings(data), {
      settings: { impersonation: { enabled: false, enforced: true }, globalProjects: [] },
      problems: [],
    });
});

const flags: readonly (readonly [string, boolean, problems: number])[] = [
  ['true', true, 0],
  ['True', true, 0],
  ['1', true, 0],
  ['false', false, 0],
  ['F', false, 0],
  ['yes', true, 1],
];
for (const [value, expected, problems] of flags)
  test(`enabled: ${value} is ${expected}`, () => {
    const read = readProjectSettings({ [`${prefix}.enabled`]: value });
    assert.equal(read.settings.impersonation.enabled, expected);
    assert.equal(read.problems.length, problems);
  });

test('global projects are read with their selectors; what cannot be read is told', () => {
  const globalProjects = `
- projectName: all
  labelSelector:
    matchLabels: { tier: 1 }
    matchExpressions:
      - { key: team, operator: In, values: [web] }
- projectName: everywhere
- labelSelector: {}
- projectName: odd
  labelSelector: { matchExpressions: [{ key: a, operator: Like }] }
`;
  const { settings, problems } = readProjectSettings({ globalProjects });
  assert.deepEqual(settings.globalProjects, [
    {
      projectName: 'all',
      selector: {
        matchLabels: { tier: '1' },
        matchExpressions: [{ key: 'team', operator: 'In', values: ['web'] }],
      },
    },
    { projectName: 'everywhere', selector: { matchLabels: {}, matchExpressions: [] } },
  ]);
  assert.deepEqual(problems, [
    'globalProjects[2]: has no usable selector or name',
    'globalProjects[3]: has no usable selector or name',
  ]);
  for (const text of ['{', 'a: b'])
    assert.equal(readProjectSettings({ globalProjects: text }).problems.length, 1);
});
