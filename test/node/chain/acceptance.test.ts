import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { COIN } from '../../../protocol/amount.ts';
import { type Block, encodeBlock } from '../../../protocol/block.ts';
import { blockHash } from '../../../protocol/header.ts';
import { PROFILES } from '../../../protocol/network.ts';
import { RuleError } from '../../../protocol/rules.ts';
import { type Transaction, txid } from '../../../protocol/transaction.ts';
import { accountKey, ChainKit, coinOf, feed, type OpenChain, openChain } from '../../kit/chain-kit.ts';

interface Scene extends OpenChain {
  readonly kit: ChainKit;
}

/** Runs a scenario on a new chain, which is closed afterwards. */
async function scene(play: (scene: Scene) => Promise<void>): Promise<void> {
  const kit = new ChainKit();
  const open = await openChain(kit);
  try {
    await play(Object.assign(Object.create(open) as OpenChain, { kit }));
  } finally {
    await open.close();
  }
}

async function rows({ database }: Scene): Promise<unknown> {
  return database.get(
    `SELECT (SELECT count(*) FROM blocks) AS headers, (SELECT count(*) FROM bodies) AS bodies,
            (SELECT count(*) FROM blocks WHERE status = 'invalid') AS invalid`,
  );
}

/** The code of the rule for which the block is refused. */
async function refusal({ chain }: Scene, block: Block): Promise<string> {
  const result = await chain.accept(block);
  assert.equal(result.outcome, 'invalid');
  return result.error!.code;
}

/** The block with its transactions changed but the same header: what a tampering relay sends. */
function tampered(
  block: Block,
  change: (transactions: readonly Transaction[]) => readonly Transaction[],
): Block {
  return { header: block.header, transactions: change(block.transactions) };
}

describe('a block that is handed in', () => {
  it('becomes the tip, and can be read back byte for byte', () =>
    scene(async ({ chain, kit }) => {
      const { block, hash } = kit.mineBlock(kit.genesis);
      const result = await chain.accept(block);
      assert.equal(result.outcome, 'connected');
      assert.equal(result.entry, chain.tip);
      assert.equal(chain.entryAt(1), chain.tip);
      assert.equal(chain.tip.transactionCount, 1);
      assert.equal(chain.tip.medianTime, block.header.time);
      assert.deepEqual(await chain.readBlock(hash), encodeBlock(block));
      assert.equal(await chain.readBlock(new Uint8Array(32)), undefined);
    }));

  it('may bring its bytes along, which are stored as they are', () =>
    scene(async ({ chain, kit }) => {
      const [a, b] = kit.mineBlocks(kit.genesis, 2);
      const bytes = encodeBlock(a!.block);
      await assert.rejects(chain.accept(a!.block, { bytes: bytes.subarray(1) }), RangeError);
      assert.equal((await chain.accept(a!.block, { bytes })).outcome, 'connected');
      assert.equal((await chain.accept(b!.block)).outcome, 'connected');
      assert.deepEqual(await chain.readBlock(a!.hash), bytes);
    }));

  it('is a duplicate the second time', () =>
    scene(async ({ chain, kit }) => {
      const { block } = kit.mineBlock(kit.genesis);
      assert.deepEqual(await feed(chain, [kit.genesis]), ['duplicate']);
      await chain.accept(block);
      assert.equal((await chain.accept(block)).outcome, 'duplicate');
    }));

  it('is an orphan when its parent is unknown, and nothing is kept of it', () =>
    scene(async (here) => {
      const { chain, kit } = here;
      const parent = kit.mineBlock(kit.genesis);
      const orphan = kit.mineBlock(parent);
      const before = await rows(here);
      assert.deepEqual(await feed(chain, [orphan]), ['orphan']);
      // Without proof of work it is not even that.
      let nonce = 0;
      while (blockHash({ ...orphan.block.header, nonce })[31]! < 0x80) nonce++;
      assert.equal(
        await refusal(here, { ...orphan.block, header: { ...orphan.block.header, nonce } }),
        'high-hash',
      );
      assert.deepEqual(await rows(here), before);
      assert.deepEqual(await feed(chain, [parent, orphan]), ['connected', 'connected']);
    }));

  it('leaves no trace when its header is wrong', () =>
    scene(async (here) => {
      const { kit } = here;
      const { block } = kit.mineBlock(kit.genesis);
      const before = await rows(here);
      let nonce = 0;
      while (blockHash({ ...block.header, nonce })[31]! < 0x80) nonce++;
      assert.equal(await refusal(here, { ...block, header: { ...block.header, nonce } }), 'high-hash');
      const easy = kit.mineBlock(kit.genesis, [], { header: { bits: 0x2000ffff } });
      assert.equal(await refusal(here, easy.block), 'bad-diffbits');
      const early = kit.mineBlock(kit.genesis, [], { time: kit.profile.genesis.header.time });
      assert.equal(await refusal(here, early.block), 'time-too-old');
      const old = kit.mineBlock(kit.genesis, [], { header: { version: 3 } });
      assert.equal(await refusal(here, old.block), 'bad-version');
      assert.deepEqual(await rows(here), before);
    }));

  it('is remembered as invalid when it breaks a rule, across a restart', () =>
    scene(async (here) => {
      const { kit } = here;
      const greedy = kit.mineBlock(kit.genesis, [], { coinbaseValue: 50n * COIN + 1n });
      const wrongHeight = kit.mineBlock({ ...kit.genesis, height: 6 });
      assert.equal(await refusal(here, greedy.block), 'bad-cb-amount');
      assert.equal(await refusal(here, wrongHeight.block), 'bad-cb-height');
      for (let round = 0; round < 2; round++) {
        const again = await here.chain.accept(greedy.block);
        assert.equal(again.outcome, 'duplicate-invalid');
        assert.equal(again.entry, here.chain.entry(greedy.hash));
        assert.equal((await here.chain.accept(wrongHeight.block)).outcome, 'duplicate-invalid');
        assert.equal(await refusal(here, kit.mineBlock(greedy).block), 'bad-prevblk');
        await here.reopen();
      }
      assert.equal(here.chain.tip.height, 0);
    }));

  it('is not held responsible for a delivery that was tampered with', () =>
    scene(async (here) => {
      const { kit, chain } = here;
      const pay = kit.payment(kit.funds('alice'), 'bob', COIN);
      const next = kit.payment(coinOf(pay, 0, 'bob'), 'carol', 1_000_000n);
      const { block } = kit.mineBlock(kit.genesis, [pay, next]);
      const [coinbase] = block.transactions as [Transaction];
      const before = await rows(here);
      const deliveries: [string, Block][] = [
        ['bad-txnmrklroot', tampered(block, (list) => list.slice(0, 2))],
        ['bad-txns-duplicate', tampered(block, (list) => [...list, list.at(-1)!])],
        [
          'bad-witness-merkle-match',
          tampered(block, ([first, second, third]) => {
            const inputs = third!.inputs.map((input) => ({ ...input, witness: second!.inputs[0]!.witness }));
            return [first!, second!, { ...third!, inputs }];
          }),
        ],
        [
          'bad-witness-nonce-size',
          tampered(block, ([, ...rest]) => {
            const inputs = coinbase.inputs.map((input) => ({ ...input, witness: [] }));
            return [{ ...coinbase, inputs }, ...rest];
          }),
        ],
      ];
      for (const [code, delivery] of deliveries) {
        assert.deepEqual(blockHash(delivery.header), blockHash(block.header));
        const result = await chain.accept(delivery);
        assert.equal(result.error?.code, code);
        assert.equal(result.error?.mutated, true);
      }
      assert.deepEqual(await rows(here), before);
      assert.equal((await chain.accept(block)).outcome, 'connected');
    }));

  it('cannot spend what is not there, is spent, or is not its own', () =>
    scene(async (here) => {
      const { kit, chain } = here;
      const pay = kit.payment(kit.funds('alice'), 'bob', COIN);
      const rival = kit.payment(kit.funds('alice'), 'carol', COIN);
      const young = kit.mineBlock(kit.genesis, [pay]);
      await feed(chain, [young]);
      assert.equal(
        await refusal(here, kit.mineBlock(young, [rival]).block),
        'bad-txns-inputs-missingorspent',
      );
      const twice = [kit.funds('bob'), kit.funds('bob')].map((coin, i) =>
        kit.payment(coin, 'carol', BigInt(i + 1) * COIN),
      );
      assert.equal(await refusal(here, kit.mineBlock(young, twice).block), 'bad-txns-inputs-missingorspent');
      const unripe = kit.payment(kit.reward(young), 'bob', COIN);
      assert.equal(
        await refusal(here, kit.mineBlock(young, [unripe]).block),
        'bad-txns-premature-spend-of-coinbase',
      );
      const stolen = kit.payment({ ...kit.funds('bob'), owner: 'carol' }, 'carol', COIN);
      assert.equal(
        await refusal(here, kit.mineBlock(young, [stolen]).block),
        'mandatory-script-verify-flag-failed',
      );
      assert.equal(chain.tip.height, 1);
    }));

  it('may come before the transactions of its parent, once the headers are known', () =>
    scene(async (here) => {
      const { kit } = here;
      const blocks = kit.mineBlocks(kit.genesis, 4);
      for (const { block } of blocks) {
        assert.equal((await here.chain.acceptHeader(block.header)).outcome, 'stored');
        assert.equal((await here.chain.acceptHeader(block.header)).outcome, 'duplicate');
      }
      assert.equal(here.chain.tip.height, 0);
      assert.deepEqual(await feed(here.chain, [blocks[2]!, blocks[1]!]), ['side-branch', 'side-branch']);
      await here.reopen();
      assert.equal(await here.chain.readBlock(blocks[3]!.hash), undefined);
      assert.deepEqual(await feed(here.chain, [blocks[0]!]), ['connected']);
      assert.equal(here.chain.tip.height, 3);
      assert.deepEqual(await feed(here.chain, [blocks[3]!]), ['connected']);
    }));

  it('is checked by its header alone when only that comes', () =>
    scene(async ({ chain, kit }) => {
      const parent = kit.mineBlock(kit.genesis);
      assert.equal((await chain.acceptHeader(kit.mineBlock(parent).block.header)).outcome, 'orphan');
      const early = kit.mineBlock(kit.genesis, [], { time: kit.profile.genesis.header.time });
      assert.equal((await chain.acceptHeader(early.block.header)).error?.code, 'time-too-old');
      const greedy = kit.mineBlock(kit.genesis, [], { coinbaseValue: 51n * COIN });
      await chain.accept(greedy.block);
      assert.equal((await chain.acceptHeader(greedy.block.header)).outcome, 'duplicate-invalid');
      assert.equal((await chain.acceptHeader(kit.mineBlock(greedy).block.header)).error?.code, 'bad-prevblk');
    }));
});

describe('a block from the future', () => {
  it('is held, not stored, and accepted when the clock allows', () =>
    scene(async (here) => {
      const { kit, chain } = here;
      const limit = kit.clock.seconds + kit.profile.futureLimitSeconds;
      const edge = kit.mineBlock(kit.genesis, [], { time: limit });
      const future = kit.mineBlock(edge, [], { time: limit + 10 });
      const later = kit.mineBlock(edge, [], { time: limit + 20 });
      assert.equal((await chain.accept(edge.block)).outcome, 'connected');
      const before = await rows(here);
      for (const { block } of [later, future, future]) {
        const result = await chain.accept(block);
        assert.equal(result.outcome, 'held');
        assert.equal(result.error?.code, 'time-too-new');
        assert.equal(result.error?.action, 'ignore');
      }
      assert.deepEqual(await rows(here), before);
      kit.clock.seconds += 9;
      assert.deepEqual(await chain.retryHeld(), []);
      kit.clock.seconds += 1;
      assert.deepEqual(
        (await chain.retryHeld()).map(({ outcome }) => outcome),
        ['connected'],
      );
      assert.deepEqual(chain.tip.hash, future.hash);
      kit.clock.seconds += 10;
      assert.deepEqual(
        (await chain.retryHeld()).map(({ outcome }) => outcome),
        ['side-branch'],
      );
      assert.deepEqual(await chain.retryHeld(), []);
    }));

  it('is refused at once if it is wrong in another way too', () =>
    scene(async (here) => {
      const { kit, chain } = here;
      const time = kit.clock.seconds + 100_000;
      const { block } = kit.mineBlock({ ...kit.genesis, height: 3 }, [], { time });
      assert.equal(await refusal(here, block), 'bad-cb-height');
      assert.equal(
        await refusal(
          here,
          tampered(block, (list) => [...list, ...list]),
        ),
        'bad-txnmrklroot',
      );
      kit.clock.seconds = time;
      assert.deepEqual(await chain.retryHeld(), []);
    }));

  it('gives way to earlier ones when there are too many', () =>
    scene(async ({ kit, chain }) => {
      const time = kit.clock.seconds + kit.profile.futureLimitSeconds;
      for (let ahead = 20; ahead > 0; ahead--) {
        const { block } = kit.mineBlock(kit.genesis, [], { time: time + ahead });
        assert.equal((await chain.accept(block)).outcome, 'held');
      }
      kit.clock.seconds += 100;
      const retried = await chain.retryHeld();
      assert.equal(retried.length, 16);
      assert.equal(chain.tip.time, time + 1);
    }));
});

describe('a proposed block', () => {
  it('is checked whole and changes nothing', () =>
    scene(async (here) => {
      const { kit, chain } = here;
      const pay = kit.payment(kit.funds('alice'), 'bob', COIN, 500n);
      const good = kit.mineBlock(kit.genesis, [pay], { fees: 500n });
      const before = await rows(here);
      await chain.proposal(good.block);
      await chain.proposal({ ...good.block, header: { ...good.block.header, nonce: 0 } });
      const greedy = kit.mineBlock(kit.genesis, [pay], { fees: 501n });
      const stolen = kit.payment({ ...kit.funds('alice'), owner: 'bob' }, 'bob', COIN);
      for (const [code, block] of [
        ['bad-cb-amount', greedy.block],
        ['mandatory-script-verify-flag-failed', kit.mineBlock(kit.genesis, [stolen]).block],
        ['bad-txnmrklroot', tampered(good.block, ([coinbase]) => [coinbase!])],
        ['prev-blk-not-found', kit.mineBlock(good).block],
        ['bad-cb-height', kit.mineBlock({ ...kit.genesis, height: 1 }).block],
      ] as const) {
        await assert.rejects(
          chain.proposal(block),
          (error) => error instanceof RuleError && error.code === code,
        );
      }
      assert.deepEqual(await rows(here), before);
      assert.equal(chain.tip.height, 0);
      assert.equal((await chain.accept(good.block)).outcome, 'connected');
    }));
});

describe('the chain', () => {
  for (const profile of Object.values(PROFILES)) {
    it(`of ${profile.name} begins with its genesis block and the coins that makes`, async () => {
      const kit = new ChainKit(profile);
      const open = await openChain(kit);
      try {
        for (let round = 0; round < 2; round++) {
          assert.deepEqual(open.chain.tip.hash, profile.genesisHash);
          assert.equal(open.chain.tip.height, 0);
          const coinbase = txid(profile.genesis.transactions[0]!);
          const coins = await open.chain.coins(
            profile.genesis.transactions[0]!.outputs.map((_, index) => ({ txid: coinbase, index })),
          );
          const values = coins.flatMap((coin) => (coin === undefined ? [] : [coin.value]));
          assert.deepEqual(
            values,
            profile.fundedAccounts.map(({ value }) => value),
          );
          await open.reopen();
        }
      } finally {
        await open.close();
      }
    });
  }

  it('works off blocks that are handed in all at once, in order', () =>
    scene(async ({ kit, chain }) => {
      const blocks = kit.mineBlocks(kit.genesis, 10);
      const results = await Promise.all(blocks.map(({ block }) => chain.accept(block)));
      assert.ok(results.every(({ outcome }) => outcome === 'connected'));
      assert.equal(chain.tip.height, 10);
    }));

  it('finds a transaction and its coins on the best chain only', () =>
    scene(async ({ kit, chain }) => {
      const pay = kit.payment(kit.funds('alice'), 'bob', 2n * COIN, 500n);
      const a = kit.mineBlock(kit.genesis, [pay], { fees: 500n });
      await feed(chain, [a]);
      const coin = coinOf(pay, 0, 'bob');
      assert.deepEqual(await chain.transactionBlock(coin.outPoint.txid), {
        blockHash: a.hash,
        height: 1,
        position: 1,
      });
      const found = await chain.coins([kit.funds('alice').outPoint, coin.outPoint, kit.reward(a).outPoint]);
      assert.deepEqual(
        found.map((each) => each && [each.value, each.height, each.coinbase]),
        [undefined, [2n * COIN, 1, false], [50n * COIN + 500n, 1, true]],
      );
      assert.deepEqual(
        (await chain.readUndo(a.hash))?.spent.flat().map(({ value }) => value),
        [10_000n * COIN],
      );
      assert.equal(await chain.readUndo(kit.genesis.hash), undefined);

      await feed(chain, kit.mineBlocks(kit.genesis, 2));
      assert.equal(await chain.transactionBlock(coin.outPoint.txid), undefined);
      assert.equal(await chain.coin(coin.outPoint), undefined);
      assert.equal((await chain.coin(kit.funds('alice').outPoint))?.value, 10_000n * COIN);
    }));

  it('answers for coins as of one moment while blocks connect', () =>
    scene(async ({ kit, chain }) => {
      // One coin wanders from block to block; at any moment exactly one of these outpoints is unspent.
      let coin = kit.funds('alice');
      const places = [coin.outPoint];
      const blocks: Block[] = [];
      let tip = kit.genesis;
      for (let made = 0; made < 40; made++) {
        const payment = kit.sign([coin], [{ value: coin.value, script: accountKey('alice').script }]);
        coin = coinOf(payment, 0, 'alice');
        places.push(coin.outPoint);
        tip = kit.mineBlock(tip, [payment]);
        blocks.push(tip.block);
      }
      let connecting = true;
      const ask = async () => {
        let answers = 0;
        while (connecting) {
          const found = (await chain.coins(places)).filter((each) => each !== undefined);
          assert.equal(found.length, 1);
          answers++;
        }
        return answers;
      };
      const asking = [ask(), ask()];
      for (const [at, block] of blocks.entries()) await chain.accept(block, { durable: at % 3 !== 0 });
      connecting = false;
      for (const answers of await Promise.all(asking)) assert.ok(answers > 0);
      assert.equal((await chain.coin(coin.outPoint))?.height, 40);
    }));

  it('refuses every change once it is closed', async () => {
    const kit = new ChainKit();
    const open = await openChain(kit);
    await open.close();
    await assert.rejects(open.chain.accept(kit.mineBlock(kit.genesis).block), /the chain is closed/);
  });

  it('says when it is flushed that a block accepted before could not be written', () =>
    scene(async ({ kit, chain, database }) => {
      const [a, b] = kit.mineBlocks(kit.genesis, 2);
      await database.exec(
        'CREATE TRIGGER full BEFORE INSERT ON undo BEGIN SELECT raise(FAIL, "no room"); END',
      );
      assert.equal((await chain.accept(a!.block, { durable: false })).outcome, 'connected');
      await assert.rejects(chain.flush(), /no room/);
      await assert.rejects(chain.accept(b!.block, { durable: false }), /no room/);
    }));

  it('stands still after the disk has failed, and tells its followers once', () =>
    scene(async ({ kit, chain, database }) => {
      const told: string[] = [];
      chain.on('failed', (error) => void told.push(String(error)));
      const [a, b] = kit.mineBlocks(kit.genesis, 2);
      await database.exec(
        'CREATE TRIGGER full BEFORE INSERT ON undo BEGIN SELECT raise(FAIL, "no room"); END',
      );
      await assert.rejects(chain.accept(a!.block), /no room/);
      assert.equal(chain.tip.height, 0);
      await database.exec('DROP TRIGGER full');
      await assert.rejects(chain.accept(b!.block), /no room/);
      assert.equal(told.length, 1);
      assert.match(told[0] ?? '', /no room/);
    }));
});
