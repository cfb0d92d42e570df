import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bech32, bech32m } from '@scure/base';
import fc from 'fast-check';
import { encodeWitnessAddress } from '../../protocol/bech32.ts';

const hrp = fc.constantFrom('bc', 'tb', 'bcrt', 'nilz', 'a', 'x1y');

test('an address is written as another implementation writes and reads it', () => {
  fc.assert(
    fc.property(hrp, fc.nat(16), fc.uint8Array({ minLength: 2, maxLength: 40 }), (part, version, program) => {
      const coder = version === 0 ? bech32 : bech32m;
      const address = encodeWitnessAddress(part, version, program);
      assert.equal(address, coder.encode(part, [version, ...coder.toWords(program)], 90));
    }),
    { numRuns: 2_000 },
  );
});

test('the addresses of BIP 173 and BIP 350 come out', () => {
  const keyHash = Uint8Array.from(Buffer.from('751e76e8199196d454941c45d1b3a323f1433bd6', 'hex'));
  assert.equal(encodeWitnessAddress('bc', 0, keyHash), 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4');
  const output = Uint8Array.from(
    Buffer.from('79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798', 'hex'),
  );
  const taproot = 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0';
  assert.equal(encodeWitnessAddress('bc', 1, output), taproot);
  assert.equal(encodeWitnessAddress('bc', 16, Uint8Array.of(0x75, 0x1e)), 'bc1sw50qgdz25j');
});
