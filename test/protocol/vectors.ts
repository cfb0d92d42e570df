import { readFileSync } from 'node:fs';

const DIRECTORY = new URL('../vectors/', import.meta.url);

/** The contents of a JSON file under test/vectors. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, DIRECTORY), 'utf8')) as T;
}

/** The bytes of a file under test/vectors. */
export function readRaw(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(name, DIRECTORY)));
}

/** What test/vectors/blocks holds, with the facts anyone can look up about these blocks. */
export const REAL_BLOCKS = [
  {
    name: 'block1',
    hash: '00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048',
    transactions: 1,
    weight: 860,
    committed: false,
  },
  {
    name: 'block482683',
    hash: '000000000000000000c238240ef6dcb26c37e75e16514e6ffc0aef7eee73e747',
    transactions: 12,
    weight: 35_715,
    committed: true,
  },
  {
    name: 'block1087400',
    hash: '0000000003db83e6ab01a6ebb26ad2b1481688009141c9afc204c54284e1ba66',
    transactions: 97,
    weight: 193_331,
    committed: true,
  },
  {
    name: 'block928816',
    hash: '00000000000001c4b87edf974ddc601d88dda332265b9849a944a5ff0141a378',
    transactions: 889,
    weight: 3_568_200,
    committed: true,
  },
] as const;
