import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Application, Operation, OperationState } from '../core/app/types.ts';
import { OWN_INFO } from '../core/sync/own-info.ts';
import { requestBeside } from './operation.ts';
import { untilWatched } from './timing.ts';

const asked: Operation = { sync: { revision: 'main' } };
const other: Operation = { sync: { revision: 'other' } };
const noted: Operation = { ...asked, info: [{ name: OWN_INFO.phase, value: 'Sync' }] };
const unpinned: Operation = { sync: {} };

const state = (
  phase: OperationState['phase'],
  operation = asked,
  startedAt = '2026-01-31T12:00:01Z',
): OperationState => ({ operation, phase, startedAt, message: '' });
const old = (operation = asked) => state('Succeeded', operation, '2026-01-31T12:00:00Z');

describe('the request beside a status that is one write with it', () => {
  const cases: readonly {
    readonly name: string;
    readonly request?: Operation;
    readonly before?: OperationState;
    readonly after?: OperationState;
    readonly expected: Operation | null | undefined;
  }[] = [
    { name: 'nothing ever ran', request: asked, expected: undefined },
    { name: 'it begins', request: asked, after: state('Running'), expected: undefined },
    { name: 'one that nobody asked for begins', after: state('Running'), expected: asked },
    { name: 'without our notes', after: state('Running', noted), expected: asked },
    {
      name: 'it runs on',
      request: asked,
      before: state('Running', noted),
      after: state('Running', noted),
      expected: undefined,
    },
    {
      name: 'it is tried again with newer revisions',
      request: asked,
      before: state('Running'),
      after: state('Running', unpinned),
      expected: unpinned,
    },
    {
      name: 'it ends with newer revisions than were asked for',
      request: asked,
      before: state('Running'),
      after: state('Failed', unpinned),
      expected: null,
    },
    {
      name: 'it is being terminated',
      request: asked,
      before: state('Running'),
      after: state('Terminating'),
      expected: undefined,
    },
    {
      name: 'one without a request is being terminated',
      before: state('Terminating'),
      after: state('Terminating'),
      expected: undefined,
    },
    {
      name: 'it ends',
      request: asked,
      before: state('Running'),
      after: state('Succeeded'),
      expected: null,
    },
    {
      name: 'a small self-heal is written when it has ended',
      before: old(),
      after: state('Succeeded'),
      expected: undefined,
    },
    {
      name: 'another request came meanwhile',
      request: other,
      before: state('Running'),
      after: state('Running'),
      expected: undefined,
    },
    {
      name: 'another request came meanwhile, and it ends',
      request: other,
      before: state('Running'),
      after: state('Succeeded'),
      expected: undefined,
    },
    {
      name: 'the same is asked for again, and only a comparison is written',
      request: asked,
      before: old(),
      after: old(),
      expected: undefined,
    },
    {
      name: 'the same is asked for again, and ends at once',
      request: asked,
      before: old(),
      after: state('Error'),
      expected: null,
    },
  ];
  for (const { name, request, before, after, expected } of cases)
    test(name, () => {
      const app = {
        ...(request === undefined ? {} : { operation: request }),
        status: before === undefined ? {} : { operationState: before },
      } as Application;
      const status = after === undefined ? {} : { operationState: after };
      assert.deepEqual(requestBeside(app, status), expected);
    });
});

describe('how long a deletion waits for who watches it', () => {
  const deleted = '2026-01-31T12:00:00Z';
  const cases: readonly [string, string | undefined, number, number][] = [
    ['nobody deletes it', undefined, 0, 0],
    ['just now', deleted, 0, 1_500],
    ['at the end of that second', deleted, 999, 501],
    ['long ago', deleted, 10_000, 0],
    ['by a clock that is ahead', deleted, -60_000, 1_500],
  ];
  for (const [name, deletionTimestamp, afterMs, expected] of cases)
    test(name, () => {
      const app = { metadata: { deletionTimestamp } } as Application;
      assert.equal(untilWatched(app, Date.parse(deleted) + afterMs), expected);
    });
});
