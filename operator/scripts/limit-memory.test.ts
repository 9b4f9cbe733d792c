import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wasm, type WasmMemory } from './web-assembly.ts';
import { limitMemory } from './limit-memory.ts';

const PAGE = 65_536;
/** A program with nothing but a memory of `limits`, exported as `m`, and an empty section before it. */
const program = (...limits: readonly number[]) =>
  Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x01, 0x00],
    ...[0x05, 1 + limits.length, 0x01, ...limits],
    ...[0x07, 0x05, 0x01, 0x01, 0x6d, 0x02, 0x00],
  );

function pagesAfterGrowing(bytes: Uint8Array<ArrayBuffer>): number {
  const instance = new wasm.Instance(new wasm.Module(bytes), {});
  const memory = instance.exports['m'] as WasmMemory;
  try {
    for (;;) memory.grow(1);
  } catch {
    return memory.buffer.byteLength / PAGE; // it may not grow any further
  }
}

// From 1 to 300 pages; 300 takes two bytes.
const BOUNDED = program(1, 1, 0xac, 0x02);

test('memory grows to the bound and no further', () => {
  assert.equal(pagesAfterGrowing(BOUNDED), 300);
  assert.equal(pagesAfterGrowing(limitMemory(BOUNDED, 200 * PAGE)), 200);
  assert.equal(pagesAfterGrowing(limitMemory(BOUNDED, 5 * PAGE + 1)), 5);
  assert.equal(
    pagesAfterGrowing(limitMemory(BOUNDED, 1_000 * PAGE)),
    300,
    'its own bound is lower',
  );
  assert.equal(pagesAfterGrowing(limitMemory(BOUNDED, 0)), 1, 'what it starts with it needs');
});

test('the program given is not changed', () => {
  const copy = BOUNDED.slice();
  limitMemory(BOUNDED, PAGE);
  assert.deepEqual(BOUNDED, copy);
});

test('a program without a bound of its own gets one, what comes after its memory stays', () => {
  const open = program(0, 1);
  assert.equal(pagesAfterGrowing(limitMemory(open, 5 * PAGE)), 5);
  assert.equal(pagesAfterGrowing(limitMemory(open, 300 * PAGE)), 300);
});

test('a program without one memory is refused', () => {
  assert.throws(() => limitMemory(BOUNDED.subarray(0, 8), PAGE), /not one memory of its own/);
  assert.throws(() => limitMemory(program(3, 1, 2), PAGE), /not one memory of its own/);
});
