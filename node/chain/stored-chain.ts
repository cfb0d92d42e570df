import { encodeBlock } from '../../protocol/block.ts';
import { displayHash, equalBytes, hashKey } from '../../protocol/bytes.ts';
import { genesisCoins } from '../../protocol/coins.ts';
import { blockHash, decodeHeader } from '../../protocol/header.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Database } from '../../service/database.ts';
import { loadBlocks } from '../storage/blocks-table.ts';
import { ChainBatch } from '../storage/chain-batch.ts';
import { placeCoin } from '../storage/coins-table.ts';
import { hasChain, writeIdentity } from '../storage/identity.ts';
import { damaged } from '../storage/node-database.ts';
import { BlockIndex, type IndexedBlock } from './block-index.ts';

/**
 * Reads the block index with its best chain, after writing the genesis block if the database is new.
 * @throws IdentityError when the database belongs to another network
 * @throws DatabaseError when what it holds is no chain of blocks from the genesis block to the tip
 */
export async function openIndex(database: Database, profile: NetworkProfile): Promise<BlockIndex> {
  if (!(await hasChain(database, profile))) await writeGenesis(database, profile);
  const index = await loadIndex(database, profile);
  const tip = await loadTip(database, index);
  index.restoreBest(tip);
  for (let at: IndexedBlock | undefined = tip; at !== undefined; at = at.parent) {
    if (at.status !== 'valid') throw damaged(database, `the best chain holds a block marked "${at.status}"`);
  }
  await checkBytes(database);
  return index;
}

/** The genesis block, the coins it makes and the network's identity, in one transaction. */
async function writeGenesis(database: Database, profile: NetworkProfile): Promise<void> {
  const { genesis } = profile;
  const index = new BlockIndex();
  const entry = index.add(genesis.header, {
    id: 1,
    status: 'valid',
    sequence: 1,
    transactionCount: genesis.transactions.length,
  });
  const coins = genesisCoins(profile);
  const batch = new ChainBatch();
  batch.addBlock(entry);
  batch.addBody(entry, encodeBlock(genesis));
  batch.begin({ block: genesis, entry }, coins);
  const placed = new Map(
    coins.map(([key, coin]) => [key, { coin: placeCoin(coin, 0, coin.script), onDisk: undefined }]),
  );
  await database.transaction(async (statements) => {
    await writeIdentity(statements, profile);
    await batch.write(database, statements, placed);
  });
}

async function loadIndex(database: Database, profile: NetworkProfile): Promise<BlockIndex> {
  const index = new BlockIndex();
  for await (const row of loadBlocks(database)) {
    const header = decodeHeader(row.header);
    if (hashKey(blockHash(header)) !== row.hashKey) {
      throw damaged(database, `the header of a block at height ${row.height} is not the one that was stored`);
    }
    const entry = index.add(header, row);
    if (entry.parent === undefined && index.size > 1) {
      throw damaged(database, `the parent of a block at height ${row.height} is missing`);
    }
    if (entry.parent === undefined && !equalBytes(entry.hash, profile.genesisHash)) {
      throw damaged(database, `its first block is ${displayHash(entry.hash)}, not the genesis block`);
    }
    if (entry.height !== row.height) {
      throw damaged(database, `a block at height ${entry.height} is said to have height ${row.height}`);
    }
  }
  if (index.size === 0) throw damaged(database, 'it holds no blocks, not even the genesis block');
  return index;
}

async function loadTip(database: Database, index: BlockIndex): Promise<IndexedBlock> {
  const row = await database.get<{ id: number }>('SELECT block_id AS id FROM tip');
  const tip = row && index.byId(row.id);
  if (tip === undefined) throw damaged(database, 'it does not say which block is the tip');
  return tip;
}

/** Whether the bytes that the index speaks of are there; whether they are right is seen when they are read. */
async function checkBytes(database: Database): Promise<void> {
  const gap = await database.get<{ height: number; what: string }>(
    `SELECT height, 'transactions' AS what FROM blocks
       WHERE transaction_count > 0 AND NOT EXISTS (SELECT 1 FROM bodies WHERE block_id = blocks.id)
     UNION ALL
     SELECT height, 'undo data' FROM blocks
       WHERE status = 'valid' AND height > 0 AND NOT EXISTS (SELECT 1 FROM undo WHERE block_id = blocks.id)
     LIMIT 1`,
  );
  if (gap !== undefined) {
    throw damaged(database, `the ${gap.what} of a block at height ${gap.height} are missing`);
  }
}
