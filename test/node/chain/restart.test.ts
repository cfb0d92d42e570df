import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { verify } from '#verify';
import { Chain, IdentityError } from '../../../node/chain/chain.ts';
import { openNodeDatabase } from '../../../node/storage/node-database.ts';
import { COIN } from '../../../protocol/amount.ts';
import { displayHash } from '../../../protocol/bytes.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { type Database, DatabaseError, type Statements } from '../../../service/database.ts';
import { contest } from '../../kit/chain-crash.ts';
import {
  ChainKit,
  chainTables,
  feed,
  type KitBlock,
  openChain,
  replayedTables,
  SILENT_LOG,
} from '../../kit/chain-kit.ts';
import { childEnvironment } from '../../service/child-environment.ts';

const CRASHING_CHAIN = fileURLToPath(new URL('../../kit/chain-crash.ts', import.meta.url));

async function inTemporaryDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'nilz-restart-'));
  try {
    await work(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** The files as a crash leaves them: the log is not yet in the database, the shared memory is gone. */
async function copyDatabase(from: string, to: string): Promise<void> {
  for (const suffix of ['', '-wal']) {
    await copyFile(join(from, `node.sqlite${suffix}`), join(to, `node.sqlite${suffix}`));
  }
}

/** A database that lets `observe` look at the disk after every statement of every transaction. */
function observed(database: Database, observe: () => Promise<void>): Database {
  const spy = (statements: Statements): Statements => ({
    all: (sql, params) => statements.all(sql, params),
    get: (sql, params) => statements.get(sql, params),
    run: async (sql, params) => {
      const changed = await statements.run(sql, params);
      await observe();
      return changed;
    },
    insertRows: async (...call) => {
      await statements.insertRows(...call);
      await observe();
    },
  });
  const { file } = database;
  const view: Pick<Database, 'file' | 'all' | 'get' | 'transaction'> = {
    file,
    all: (sql, params) => database.all(sql, params),
    get: (sql, params) => database.get(sql, params),
    transaction: async (work) => {
      const result = await database.transaction((statements) => work(spy(statements)));
      await observe();
      return result;
    },
  };
  return view as Database;
}

describe('a restart', () => {
  it('finds everything as it was: tip, branches, order of arrival', async () => {
    const kit = new ChainKit();
    const open = await openChain(kit);
    try {
      const [a, b] = [kit.mineBlocks(kit.genesis, 3), kit.mineBlocks(kit.genesis, 3)];
      await feed(open.chain, [...a, ...b]);
      const describeChain = () => ({
        tips: open.chain.tips().map(({ entry, status }) => [displayHash(entry.hash), status]),
        entries: [...a, ...b].map(({ hash }) => {
          const { key, parent, chainWork, medianTime, ...entry } = open.chain.entry(hash)!;
          return { key, chainWork, medianTime, ...entry, parent: parent?.key };
        }),
      });
      const before = describeChain();
      const tables = await chainTables(open.database);
      await open.reopen();
      assert.deepEqual(describeChain(), before);
      assert.deepEqual(await chainTables(open.database), tables);
    } finally {
      await open.close();
    }
  });

  it('after a crash at any statement of a reorganisation needs no repair', async () => {
    const kit = new ChainKit();
    const alice = kit.payment(kit.funds('alice'), 'bob', COIN);
    const a = [kit.mineBlock(kit.genesis, [alice]), ...kit.mineBlocks(kit.genesis, 1)];
    const b1 = kit.mineBlock(kit.genesis, [kit.payment(kit.funds('bob'), 'carol', COIN)]);
    const b2 = kit.mineBlock(b1, [alice]);
    const all = new Map([a[0]!, a[1]!, b1, b2].map((block) => [displayHash(block.hash), block]));
    const expected = new Map<string, unknown>();
    let crashes = 0;

    await inTemporaryDirectory((directory) =>
      inTemporaryDirectory(async (remains) => {
        const database = await openNodeDatabase(directory, 16);
        let accepted: KitBlock[] = [];
        let begun = false;
        const crash = async () => {
          if (!begun) return;
          crashes++;
          await copyDatabase(directory, remains);
          const revived = await openChain(kit, { directory: remains });
          try {
            for (const { hash } of accepted) assert.ok(revived.chain.entry(hash)!.transactionCount > 0);
            const tip = displayHash(revived.chain.tip.hash);
            assert.ok(revived.chain.tip.height >= Math.max(0, ...accepted.map(({ height }) => height)));
            if (!expected.has(tip)) expected.set(tip, await replayedTables(kit, all.get(tip) ?? kit.genesis));
            assert.deepEqual(await chainTables(revived.database), expected.get(tip));
          } finally {
            await revived.close();
          }
        };
        const options = { profile: kit.profile, verify, clock: kit.clock, log: SILENT_LOG, dbCacheMb: 16 };
        const chain = await Chain.open({ ...options, database: observed(database, crash) });
        begun = true;
        for (const block of [a[0]!, a[1]!, b1, b2]) {
          await chain.accept(block.block);
          accepted = [...accepted, block];
        }
        assert.deepEqual(chain.tip.hash, b2.hash);
        await chain.close();
        await database.close();
      }),
    );
    assert.ok(crashes > 30, `${crashes} crashes were tried`);
  });

  it('after a crash at any statement of an invalidation is on the old branch or on the new one', async () => {
    const kit = new ChainKit();
    const payment = kit.payment(kit.funds('alice'), 'bob', COIN);
    const out = [kit.mineBlock(kit.genesis, [payment]), ...kit.mineBlocks(kit.genesis, 1)];
    const top = kit.mineBlock(out[0]!);
    const other = out[1]!;
    const possible = [top, out[0]!, kit.genesis, other];
    await inTemporaryDirectory((directory) =>
      inTemporaryDirectory(async (remains) => {
        const database = await openNodeDatabase(directory, 16);
        const tips = new Set<string>();
        let begun = false;
        const crash = async () => {
          if (!begun) return;
          await copyDatabase(directory, remains);
          const revived = await openChain(kit, { directory: remains });
          try {
            const tip = possible.find(
              ({ hash }) => displayHash(hash) === displayHash(revived.chain.tip.hash),
            )!;
            assert.deepEqual(await chainTables(revived.database), await replayedTables(kit, tip));
            tips.add(displayHash(tip.hash));
          } finally {
            await revived.close();
          }
        };
        const options = { profile: kit.profile, verify, clock: kit.clock, log: SILENT_LOG, dbCacheMb: 16 };
        const chain = await Chain.open({ ...options, database: observed(database, crash) });
        await feed(chain, [out[0]!, other, top]);
        begun = true;
        await chain.invalidate(chain.entry(out[0]!.hash)!);
        assert.deepEqual(chain.tip.hash, other.hash);
        await crash();
        await chain.close();
        await database.close();
        // A change that was not finished is not half done: what is open again is on a whole branch.
        assert.deepEqual(tips, new Set([top, other].map(({ hash }) => displayHash(hash))));
      }),
    );
  });

  it('after kill -9 in the middle of reorganisations has every block it acknowledged', async () => {
    const kit = new ChainKit();
    const rounds = 30;
    const order = contest(kit, rounds);
    await inTemporaryDirectory(async (directory) => {
      for (const patience of [3, 14, 30]) {
        const victim = spawn(process.execPath, ['--import', 'tsx', CRASHING_CHAIN, directory, `${rounds}`], {
          env: childEnvironment(),
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        const exit = once(victim, 'exit');
        let acknowledged = 0;
        for await (const line of createInterface({ input: victim.stdout })) {
          acknowledged = Number(line);
          if (acknowledged === patience) victim.kill('SIGKILL');
        }
        assert.deepEqual(await exit, [null, 'SIGKILL']);

        const revived = await openChain(kit, { directory });
        try {
          for (const { hash } of order.slice(0, acknowledged)) {
            assert.ok(revived.chain.entry(hash)!.transactionCount > 0, `block ${displayHash(hash)} is lost`);
          }
          const highest = Math.max(...order.slice(0, acknowledged).map(({ height }) => height));
          assert.ok(revived.chain.tip.height >= highest);
          const tip = order.find(({ hash }) => displayHash(hash) === displayHash(revived.chain.tip.hash))!;
          assert.deepEqual(await chainTables(revived.database), await replayedTables(kit, tip));
          assert.deepEqual(await revived.database.integrityErrors(), []);
        } finally {
          await revived.close();
        }
      }
    });
  });

  it('after a crash while catching up has a whole chain, if a shorter one', async () => {
    const kit = new ChainKit();
    const blocks = kit.mineBlocks(kit.genesis, 30);
    await inTemporaryDirectory((directory) =>
      inTemporaryDirectory(async (remains) => {
        const open = await openChain(kit, { directory });
        for (const [at, { block }] of blocks.entries()) {
          await open.chain.accept(block, { durable: false });
          if (at === 9) await open.chain.flush();
        }
        assert.equal(open.chain.tip.height, 30);
        await copyDatabase(directory, remains);
        await open.close();

        const revived = await openChain(kit, { directory: remains });
        assert.equal(revived.chain.tip.height, 10);
        assert.deepEqual(await chainTables(revived.database), await replayedTables(kit, blocks[9]!));
        assert.deepEqual(await feed(revived.chain, blocks.slice(10)), Array(20).fill('connected'));
        await revived.close();
      }),
    );
  });
});

describe('a database', () => {
  it('of another network is refused, naming both and what to do', async () => {
    await inTemporaryDirectory(async (directory) => {
      await (await openChain(new ChainKit(), { directory })).close();
      await assert.rejects(openChain(new ChainKit(PROFILES.dev), { directory }), (error) => {
        assert.ok(error instanceof IdentityError);
        assert.match(error.message, /"regtest" \(magic e3726e69, genesis block 1139a2a9/);
        assert.match(error.message, /"dev" \(magic e3646e69, genesis block 0000903b/);
        assert.match(error.message, /--datadir/);
        return true;
      });
      const otherRules = { ...PROFILES.regtest, magic: Uint8Array.of(1, 2, 3, 4) };
      await assert.rejects(openChain(new ChainKit(otherRules), { directory }), IdentityError);
    });
  });

  const damages: readonly [damage: string, sql: string, says: RegExp][] = [
    [
      'a block is missing',
      'DELETE FROM bodies WHERE block_id = 3',
      /the transactions of a block at height 2 are missing/,
    ],
    [
      'undo data is missing',
      'DELETE FROM undo WHERE block_id = 3',
      /the undo data of a block at height 2 are missing/,
    ],
    [
      'a header is missing',
      'DELETE FROM blocks WHERE id = 3',
      /the parent of a block at height 3 is missing/,
    ],
    ['all headers are missing', 'DELETE FROM blocks', /not even the genesis block/],
    [
      'a header is another one',
      'UPDATE blocks SET header = zeroblob(80) WHERE id = 2',
      /the header of a block at height 1 is not the one that was stored/,
    ],
    ['the first block is another one', 'DELETE FROM blocks WHERE id = 1', /not the genesis block/],
    ['the tip is missing', 'DELETE FROM tip', /does not say which block is the tip/],
    ['the tip is unknown', 'UPDATE tip SET block_id = 99', /does not say which block is the tip/],
    ['the best chain is invalid', "UPDATE blocks SET status = 'invalid' WHERE id = 2", /marked "invalid"/],
    ['the identity is missing', 'DELETE FROM identity', /does not say of which network/],
  ];
  for (const [damage, sql, says] of damages) {
    it(`in which ${damage} is refused, and left as it is`, async () => {
      const kit = new ChainKit();
      await inTemporaryDirectory(async (directory) => {
        const open = await openChain(kit, { directory });
        await feed(open.chain, kit.mineBlocks(kit.genesis, 4));
        await open.database.exec('PRAGMA foreign_keys = OFF');
        await open.database.exec(sql);
        await open.close();
        for (let attempt = 0; attempt < 2; attempt++) {
          await assert.rejects(openChain(kit, { directory }), (error) => {
            assert.ok(error instanceof DatabaseError);
            assert.match(error.message, says);
            assert.match(error.message, /is damaged: .*backup/);
            return true;
          });
        }
      });
    });
  }

  it('whose coins lack one that a block takes back stops the node', async () => {
    const kit = new ChainKit();
    const open = await openChain(kit);
    const a = kit.mineBlocks(kit.genesis, 1);
    const b = kit.mineBlocks(kit.genesis, 2);
    await feed(open.chain, [a[0]!, b[0]!]);
    await open.database.exec('DELETE FROM coins');
    await assert.rejects(
      open.chain.accept(b[1]!.block),
      /damaged: "DELETE FROM coins .* found 0 rows where 1 belong/,
    );
    assert.equal(open.chain.tip.height, 1);
    await open.close();
  });

  it('with damaged pages is refused, and left as it is', async () => {
    const kit = new ChainKit();
    await inTemporaryDirectory(async (directory) => {
      const open = await openChain(kit, { directory });
      await feed(open.chain, kit.mineBlocks(kit.genesis, 50));
      await open.close();
      const file = join(directory, 'node.sqlite');
      const bytes = await readFile(file);
      // The heads of some pages after the first, which is the schema's.
      for (let page = 2; page < 10; page++) bytes.fill(0xff, page * 4096, page * 4096 + 64);
      await writeFile(file, bytes);
      for (let attempt = 0; attempt < 2; attempt++) {
        await assert.rejects(openChain(kit, { directory }), (error) => {
          assert.ok(error instanceof DatabaseError);
          assert.match(error.message, /node\.sqlite is damaged: .*backup/);
          return true;
        });
      }
      assert.deepEqual(await readFile(file), bytes);
    });
  });

  it('whose stored block turns out to be another one stops the node instead of blaming the block', async () => {
    const kit = new ChainKit();
    await inTemporaryDirectory(async (directory) => {
      const a = kit.mineBlocks(kit.genesis, 1);
      const b = kit.mineBlocks(kit.genesis, 2);
      const open = await openChain(kit, { directory });
      await feed(open.chain, [a[0]!, b[0]!]);
      await open.database.exec(
        'UPDATE bodies SET body = (SELECT body FROM bodies WHERE block_id = 2) WHERE block_id = 3',
      );
      await assert.rejects(open.chain.accept(b[1]!.block), /DAMAGED|is not as stored/);
      assert.equal(open.chain.entry(b[0]!.hash)?.status, 'stored');
      await open.close();
    });
  });
});
