import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { selectFields } from './select-fields.ts';

const LIST = {
  metadata: { resourceVersion: '7' },
  items: [
    { metadata: { name: 'a', labels: { x: '1' } }, spec: { project: 'p' } },
    { metadata: { name: 'b' }, spec: { project: 'q' } },
  ],
};

const cases: readonly (readonly [fields: string | undefined, expected: unknown])[] = [
  [undefined, LIST],
  ['', LIST],
  [' , ', LIST],
  ['items.metadata.name', { items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }] }],
  [
    'items.spec,metadata',
    { metadata: LIST.metadata, items: LIST.items.map(({ spec }) => ({ spec })) },
  ],
  ['items.metadata.labels.x', { items: [{ metadata: { labels: { x: '1' } } }, { metadata: {} }] }],
  ['nothing', {}],
  ['meta', {}],
  ['__proto__', {}],
  ['-items', { metadata: LIST.metadata }],
  [
    '-items.spec,metadata',
    { items: [{ metadata: LIST.items[0]?.metadata }, { metadata: { name: 'b' } }] },
  ],
  ['-nothing', LIST],
];

describe('the fields of a JSON value', () => {
  for (const [fields, expected] of cases)
    test(`fields=${fields}`, () => {
      const selected = selectFields(fields)(LIST);
      assert.deepEqual(JSON.parse(JSON.stringify(selected)), expected);
    });

  test('a stream has its names below result', () => {
    const select = selectFields('result.type,result.application.metadata.name');
    const chunk = { result: { type: 'ADDED', application: LIST.items[0] } };
    const text = JSON.stringify(select(chunk));
    assert.equal(text, '{"result":{"type":"ADDED","application":{"metadata":{"name":"a"}}}}');
  });
});
