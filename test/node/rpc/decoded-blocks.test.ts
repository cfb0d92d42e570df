import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodedBlocks } from '../../../node/rpc/decoded-blocks.ts';
import { encodeBlock } from '../../../protocol/block.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { ChainKit } from '../../kit/chain-kit.ts';

test('a block is read once for all who want its transactions at the same time, and for those who come later', async () => {
  const kit = new ChainKit(PROFILES.regtest);
  const first = kit.mineBlock(kit.genesis);
  let reads = 0;
  const blocks = new DecodedBlocks({
    readBlock: async () => {
      reads += 1;
      return encodeBlock(first.block);
    },
  });
  const [one, two] = await Promise.all([blocks.read(first.hash), blocks.read(first.hash)]);
  assert.equal(one, two);
  assert.equal(await blocks.read(first.hash), one);
  assert.equal(reads, 1);
});

test('a block whose transactions come later is found then', async () => {
  const kit = new ChainKit(PROFILES.regtest);
  const { block, hash } = kit.mineBlock(kit.genesis);
  let raw: Uint8Array | undefined;
  const blocks = new DecodedBlocks({ readBlock: async () => raw });
  assert.equal(await blocks.read(hash), undefined);
  raw = encodeBlock(block);
  const read = await blocks.read(hash);
  assert.equal(displayHash(read?.header.previous ?? new Uint8Array()), displayHash(block.header.previous));
});
