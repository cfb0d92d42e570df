/**
 * Just enough of the WebAssembly binary format to write one module with some functions over one memory.
 * Source: WebAssembly Core Specification 2.0, part 5 (Binary Format).
 */

/** Types of values as the format numbers them (§5.3). */
export const I32 = 0x7f;
export const V128 = 0x7b;
export type ValueType = typeof I32 | typeof V128;

/** Unsigned LEB128 (§5.2.2). */
export function unsignedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit integer (§5.2.2). */
export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

/** A function of the module; it is exported under its name. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly results: readonly ValueType[];
  /** Types of the local variables after the parameters. */
  readonly locals: readonly ValueType[];
  /** Instructions, without the closing `end`. */
  readonly body: readonly number[];
}

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const FUNCTION_TYPE = 0x60;
const EXPORT_FUNCTION = 0x00;
const EXPORT_MEMORY = 0x02;
const END = 0x0b;

/**
 * The bytes of a module whose memory is exported as `memory`.
 * @param memoryPages size of the memory, in pages of 64 KiB
 */
export function wasmModule(functions: readonly WasmFunction[], memoryPages: number): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, results }) => [
    FUNCTION_TYPE,
    ...vector(parameters.map((type) => [type])),
    ...vector(results.map((type) => [type])),
  ]);
  const exported = functions.map(({ name }, index) => [
    ...nameOf(name),
    EXPORT_FUNCTION,
    ...unsignedLeb(index),
  ]);
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(1, vector(types)),
    ...section(3, vector(functions.map((_, index) => unsignedLeb(index)))),
    ...section(5, vector([[0x00, ...unsignedLeb(memoryPages)]])),
    ...section(7, vector([...exported, [...nameOf('memory'), EXPORT_MEMORY, 0x00]])),
    ...section(10, vector(functions.map(code))),
  ]);
}

function code({ locals, body }: WasmFunction): number[] {
  const declared = vector(locals.map((type) => [0x01, type]));
  const bytes = [...declared, ...body, END];
  return [...unsignedLeb(bytes.length), ...bytes];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsignedLeb(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsignedLeb(items.length), ...items.flat()];
}

function nameOf(name: string): number[] {
  return vector([...new TextEncoder().encode(name)].map((byte) => [byte]));
}
