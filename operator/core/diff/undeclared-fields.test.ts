import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonPath } from '../objects/json-path.ts';
import { undeclaredFields } from './undeclared-fields.ts';

const object = {
  spec: {
    replica: 2,
    containers: [
      { name: 'one', imag: 'a' },
      { name: 'web', ports: [{ port: 80, protocol: 'TCP', hots: 1 }] },
    ],
    args: [{ a: 1 }],
  },
};
const intro =
  'Deployment/web: apply failed (HTTP 500): failed to create typed patch object (web/web; apps/v1, Kind=Deployment): ';
const is = ': field not declared in schema';

const cases: readonly { readonly says: string; readonly paths: readonly JsonPath[] }[] = [
  { says: `${intro}.spec.replica${is}`, paths: [['spec', 'replica']] },
  {
    says: `${intro}errors:\n  .spec.replica${is}\n  .spec.containers[name="one"].imag${is}`,
    paths: [
      ['spec', 'replica'],
      ['spec', 'containers', 0, 'imag'],
    ],
  },
  {
    says: `${intro}.spec.containers[name="web"].ports[port=80,protocol="TCP"].hots${is}`,
    paths: [['spec', 'containers', 1, 'ports', 0, 'hots']],
  },
  { says: `${intro}.spec.args[0].a${is}`, paths: [['spec', 'args', 0, 'a']] },
  { says: `${intro}.spec.nothing${is}`, paths: [] },
  { says: `${intro}.spec.containers[name="gone"].imag${is}`, paths: [] },
  { says: `${intro}.spec.containers[name=].imag${is}`, paths: [] },
  { says: `${intro}.spec[[${is}`, paths: [] },
  { says: 'spec.replicas: Invalid value: 3: no', paths: [] },
  { says: '', paths: [] },
];
for (const { says, paths } of cases)
  test(`undeclared fields: ${says.slice(intro.length) || says || 'nothing'}`, () => {
    assert.deepEqual(undeclaredFields(says, object), paths);
  });
