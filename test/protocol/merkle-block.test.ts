import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { bytesToHex, displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { CodecError } from '../../protocol/codec.ts';
import { sha256 } from '../../protocol/hash.ts';
import { blockHash } from '../../protocol/header.ts';
import { merkleRoot } from '../../protocol/merkle.ts';
import { followProof, type MerkleBlock, merkleBlockCodec, proveLeaves } from '../../protocol/merkle-block.ts';
import { PROFILES } from '../../protocol/network.ts';

/** The example of the Bitcoin developer reference: one of seven transactions of block 100,014. */
const EXAMPLE =
  '0100000082bb869cf3a793432a66e826e05a6fc37469f8efb7421dc880670100000000007f16c5962e8bd963659c793ce370d95f093bc7' +
  'e367117b3c30c1f8fdd0d9728776381b4d4c86041b554b852907000000043612262624047ee87660be1a707519a443b1c1ce3d248cbfc6' +
  'c15870f6c5daa2019f5b01d4195ecbc9398fbf3c3b1fa9bb3183301d7a1fb3bd174fcfa40a2b6541ed70551dd7e841883ab8f0b16bf041' +
  '76b7d1480e4f0af9f3d4c3595768d06820d2a7bc994987302e5b1ac80fc425fe25f8b63169ea78e68fbaaefa59379bbf011d';

const { header } = PROFILES.regtest.genesis;
const leavesOf = (count: number) =>
  Array.from({ length: count }, (_, at) => sha256(Uint8Array.of(at, at >> 8)));

describe('a proof that transactions are in a block (BIP 37)', () => {
  test('is read and followed as the developer reference does', () => {
    const proof = merkleBlockCodec.decode(hexToBytes(EXAMPLE));
    assert.equal(bytesToHex(merkleBlockCodec.encode(proof)), EXAMPLE);
    assert.equal(
      displayHash(blockHash(proof.header)),
      '000000000000b731f2eef9e8c63173adfb07e41bd53eb0ef0a6b720d6cb6dea4',
    );
    const shown = followProof(proof);
    assert.deepEqual(shown?.root, proof.header.merkleRoot);
    assert.deepEqual(shown?.leaves.map(bytesToHex), [
      '019f5b01d4195ecbc9398fbf3c3b1fa9bb3183301d7a1fb3bd174fcfa40a2b65',
    ]);
  });

  test('leads from any leaves of any block to its merkle root, and shows exactly these', () => {
    const sizes = fc.integer({ min: 1, max: 300 });
    const cases = sizes.chain((size) =>
      fc.record({
        size: fc.constant(size),
        positions: fc.uniqueArray(fc.integer({ min: 0, max: size - 1 })),
      }),
    );
    fc.assert(
      fc.property(cases, ({ size, positions }) => {
        const leaves = leavesOf(size);
        const proof = proveLeaves(header, leaves, positions);
        const sent = merkleBlockCodec.decode(merkleBlockCodec.encode(proof));
        const shown = followProof(sent);
        assert.deepEqual(shown?.root, merkleRoot(leaves).root);
        const expected = [...positions].sort((a, b) => a - b).map((at) => leaves[at]);
        assert.deepEqual(shown?.leaves, expected);
      }),
    );
  });

  test('is none when a flag or hash is missing, left over, or of the wrong number', () => {
    const proof = proveLeaves(header, leavesOf(11), [4]);
    const broken: Partial<MerkleBlock>[] = [
      { transactionCount: 0 },
      { transactionCount: 16_667 },
      { transactionCount: 500 },
      { hashes: proof.hashes.slice(1) },
      { hashes: [...proof.hashes, sha256(Uint8Array.of(1))] },
      { flags: new Uint8Array(0) },
      { flags: proof.flags.slice(0, 1) },
      { flags: new Uint8Array([...proof.flags, 0]) },
    ];
    for (const change of broken) assert.equal(followProof({ ...proof, ...change }), undefined);
    assert.notEqual(followProof(proof), undefined);
  });

  test('is none when neighbours are equal, which would prove what is not there', () => {
    const [a, b, c] = leavesOf(3);
    const doubled = [a!, b!, c!, c!];
    assert.deepEqual(merkleRoot(doubled).root, merkleRoot([a!, b!, c!]).root);
    assert.equal(followProof(proveLeaves(header, doubled, [3])), undefined);
  });

  test('that claims more hashes or flags than a block can need is refused before it is read', () => {
    const head = EXAMPLE.slice(0, 160);
    assert.throws(() => merkleBlockCodec.decode(hexToBytes(`${head}ffffffffffff000000000000`)), CodecError);
    const flags = `${head}0100000000fe00000100${'00'.repeat(65_536)}`;
    assert.throws(() => merkleBlockCodec.decode(hexToBytes(flags)), CodecError);
  });
});
