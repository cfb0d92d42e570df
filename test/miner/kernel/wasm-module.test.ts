import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { I32, signedLeb, unsignedLeb, wasmModule } from '../../../miner/kernel/wasm-module.ts';

/** The engine's side of what is tested here. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

function exportsOf<Exports>(bytes: Uint8Array<ArrayBuffer>): Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Exports;
}

test('numbers are written as the examples of LEB128 have them', () => {
  // DWARF Debugging Information Format 4, figures 22 and 23.
  assert.deepEqual(unsignedLeb(2), [2]);
  assert.deepEqual(unsignedLeb(127), [127]);
  assert.deepEqual(unsignedLeb(128), [0x80, 1]);
  assert.deepEqual(unsignedLeb(12_857), [0xb9, 0x64]);
  assert.deepEqual(signedLeb(2), [2]);
  assert.deepEqual(signedLeb(-2), [0x7e]);
  assert.deepEqual(signedLeb(127), [0xff, 0]);
  assert.deepEqual(signedLeb(-127), [0x81, 0x7f]);
  assert.deepEqual(signedLeb(128), [0x80, 1]);
  assert.deepEqual(signedLeb(-129), [0xff, 0x7e]);
});

test('the engine reads back every constant, and a function under its name', () => {
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (value) => {
      const body = [0x41, ...signedLeb(value)];
      const bytes = wasmModule([{ name: 'constant', parameters: [], results: [I32], locals: [], body }], 1);
      const { constant } = exportsOf<{ readonly constant: () => number }>(bytes);
      assert.equal(constant(), value);
    }),
    { numRuns: 50 },
  );
});

test('the memory has the pages that were asked for', () => {
  const { memory } = exportsOf<{ readonly memory: { readonly buffer: ArrayBuffer } }>(wasmModule([], 3));
  assert.equal(memory.buffer.byteLength, 3 * 65_536);
});

test('functions keep their parameters and local variables apart', () => {
  // local 1 = parameter + parameter; give back local 1.
  const body = [0x20, 0, 0x20, 0, 0x6a, 0x21, 1, 0x20, 1];
  const twice = { name: 'twice', parameters: [I32], results: [I32], locals: [I32], body } as const;
  const same = { name: 'same', parameters: [I32], results: [I32], locals: [], body: [0x20, 0] } as const;
  const functions = exportsOf<Record<'twice' | 'same', (value: number) => number>>(
    wasmModule([twice, same], 1),
  );
  assert.equal(functions.twice(21), 42);
  assert.equal(functions.same(21), 21);
});
