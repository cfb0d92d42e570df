import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Books } from '../kit/crash-books.ts';
import type { CrashPoint, Moment } from '../kit/crash-point.ts';
import { CrashPool, SHARE_DIFFICULTY, WALLET_FILE } from '../kit/crash-pool.ts';
import { NotingMiner, newRig, type Rig } from '../kit/noting-miner.ts';
import { seeded } from '../kit/simulated-miner.ts';

/** How often the pool is killed while it works; a long run sets the variable. */
const ROUNDS = Number(process.env.NILZ_CRASH_ROUNDS ?? 20);
/** With which of the deaths a run begins: a long one goes on where the one before has ended. */
const FIRST = Number(process.env.NILZ_CRASH_FIRST ?? 0);
/** What chooses all that is random, but for the timing of the machine. */
const SEED = Number(process.env.NILZ_CRASH_SEED ?? Date.now() % 1_000_000_007);
const ROUND_MS = 120_000;
/** A pool that has not come to the point it is to die at is killed all the same. */
const LONGEST_LIFE_MS = 60_000;
const LONGEST_RANDOM_LIFE_MS = 2_500;
const LOOK_MS = 20;
/** More than the chain is searched for blocks of the pool that the ledger lacks, below what it has seen. */
const MANY_BLOCKS = 110;

const sql = (text: string, when: Moment['when']): Moment => ({ act: 'sql', text, when });
const rpc = (text: string, when: Moment['when']): Moment => ({ act: 'rpc', text, when });
const wallet = (when: Moment['when']): Moment => ({ act: 'file', text: WALLET_FILE, when });

const SHARES = 'INSERT INTO entered_batches';
const BLOCK = 'INSERT OR IGNORE INTO blocks';
const PAYOUT = 'INSERT INTO payouts';
/** How a replacement of a payout's transaction begins. */
const RAISE = 'SELECT state FROM payouts WHERE id = ?';

interface Death {
  readonly name: string;
  /** Without one it comes from outside, at a random moment. */
  readonly path?: readonly Moment[];
  readonly held?: CrashPoint['held'];
  /** It may be let go by up to so many times. */
  readonly skips?: number;
  /** What must happen beside it for it to come. */
  readonly event?: Event;
}

const DEATHS: readonly Death[] = [
  { name: 'at a random moment' },
  { name: 'before shares are written', path: [sql(SHARES, 'before')], skips: 60 },
  { name: 'while shares are written', path: [sql(SHARES, 'during')], skips: 60 },
  { name: 'with shares written and not acknowledged', path: [sql(SHARES, 'after')], skips: 60 },
  {
    name: 'with a block in the ledger and at no node',
    path: [sql(BLOCK, 'after'), sql('COMMIT', 'after')],
    held: { act: 'rpc', text: 'submitblock' },
  },
  {
    name: 'with a block at the node and not in the ledger',
    path: [rpc('submitblock', 'after')],
    held: { act: 'sql', text: BLOCK },
  },
  { name: 'before a block is submitted', path: [rpc('submitblock', 'before')], skips: 3 },
  { name: 'with a block submitted', path: [rpc('submitblock', 'after')], skips: 3 },
  { name: "before a node's word for a block is written", path: [sql('SET delivery', 'before')], skips: 3 },
  { name: 'while a block is divided', path: [sql('INSERT INTO credits', 'after')], skips: 3 },
  { name: 'while blocks are judged', path: [sql('UPDATE blocks SET state', 'after')], skips: 3 },
  { name: 'with a payout signed', path: [sql(PAYOUT, 'before')], skips: 1 },
  {
    name: 'while a payout is written',
    path: [sql(PAYOUT, 'after'), sql('INSERT INTO payout_inputs', 'after')],
  },
  { name: 'with a payout written', path: [sql(PAYOUT, 'after'), sql('COMMIT', 'after')], skips: 1 },
  { name: 'with a payout in the wallet', path: [wallet('after')], skips: 1 },
  { name: 'before a payout is sent', path: [rpc('sendrawtransaction', 'before')], skips: 1 },
  { name: 'with a payout sent', path: [rpc('sendrawtransaction', 'after')], skips: 1 },
  { name: 'before a payout is confirmed', path: [sql('UPDATE payouts SET state', 'before')], skips: 2 },
  { name: 'with a payout confirmed', path: [sql('UPDATE payouts SET state', 'after')], skips: 2 },
  {
    name: 'with a raised fee written',
    path: [sql(RAISE, 'after'), sql('COMMIT', 'after')],
    event: 'others leave payments out',
  },
  { name: 'at any statement', path: [sql('', 'during')], skips: 600 },
  { name: 'at any call', path: [rpc('', 'during')], skips: 100 },
  { name: 'while a block is submitted', path: [rpc('submitblock', 'during')], skips: 3 },
  { name: 'while a payout is committed', path: [sql(PAYOUT, 'after'), sql('COMMIT', 'during')], skips: 1 },
  { name: 'while a payout is sent', path: [rpc('sendrawtransaction', 'during')], skips: 1 },
  {
    name: 'with a raised fee sent',
    path: [sql(RAISE, 'after'), rpc('sendrawtransaction', 'after')],
    event: 'others leave payments out',
  },
  { name: 'while the wallet is written', path: [wallet('during')], skips: 1 },
  {
    name: 'with a block at the node, not in the ledger, and soon far below the tip',
    path: [rpc('submitblock', 'after')],
    held: { act: 'sql', text: BLOCK },
    event: 'others find many blocks while it is dead',
  },
  { name: 'while a payout is confirmed', path: [sql('UPDATE payouts SET state', 'during')], skips: 2 },
];

/** What happens beside a death: one in each round. As many as have no divisor in common with the deaths. */
const EVENTS = [
  'nothing else',
  'other blocks win',
  'the node is killed first',
  'killed as it starts again',
  'other blocks win while it is dead',
  'killed twice as it starts again',
  'both are killed',
  'other blocks win, deeper than coins ripen',
  'killed again at a random moment of its start',
] as const;
type Event =
  | (typeof EVENTS)[number]
  | 'others leave payments out'
  | 'others find many blocks while it is dead';

/** How often a pool dies between two statements, or two calls, of its start. */
const DEATHS_AT_START: Partial<Record<Event, number>> = {
  'killed as it starts again': 1,
  'killed twice as it starts again': 2,
  'others find many blocks while it is dead': 1,
};

interface Tally {
  /** Deaths that were to come but did not. */
  readonly missed: string[];
  kills: number;
  killsAtStart: number;
  nodeKills: number;
  branches: number;
}

class Scene {
  readonly pool: CrashPool;
  readonly rigs: readonly Rig[];
  readonly #random = seeded(SEED);
  readonly tally: Tally = { missed: [], kills: 0, killsAtStart: 0, nodeKills: 0, branches: 0 };
  readonly #booked = new Set<string>();
  #lastSequence = 0;

  readonly #test: TestContext;

  constructor(test: TestContext, pool: CrashPool) {
    this.#test = test;
    this.pool = pool;
    const users = (names: readonly string[]) =>
      names.flatMap((name) => [`${pool.node.addressOf(name)}.rig`, `${pool.node.addressOf(name)}.spare`]);
    this.rigs = [
      newRig(users(['ann', 'bea', 'cas']), SHARE_DIFFICULTY),
      newRig(users(['dan']), SHARE_DIFFICULTY / 2),
      newRig(users(['eve', 'ann']), SHARE_DIFFICULTY * 2),
    ];
  }

  /** A whole number from 0 to below `end`. */
  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  /** Works, dies, is looked at as it lies there, rises, and is looked at again. */
  async round(death: Death, event: Event): Promise<void> {
    await this.#workAndDie(death, event);
    this.tally.kills += 1;
    this.#checkShares(await this.pool.checkAtAnyTime(this.#lastSequence));
    await this.#audit();
    if (event === 'other blocks win while it is dead') await this.#branch(1 + this.#below(2));
    if (event === 'others find many blocks while it is dead') await this.pool.node.mineEmpty(MANY_BLOCKS);
    await this.#rise(event);
    this.#checkShares(await this.pool.untilBooksAgree(this.#lastSequence));
    const { money } = await this.#audit();
    assert.equal(money.rounds_from_shares, money.rounds, 'every block was divided anew from its shares');
    assert.doesNotMatch(this.pool.complaints, /"stack"/, 'an error that nobody had thought of');
  }

  async #workAndDie(death: Death, event: Event): Promise<void> {
    const { pool } = this;
    const starting = this.rigs.map((rig) => NotingMiner.start(pool.stratumUrl, rig));
    const miners = (await Promise.all(starting)).filter((miner) => miner !== undefined);
    const besides = this.#beside(event);
    const { path, held, skips = 0 } = death;
    if (path !== undefined) {
      pool.arm({ path, skip: this.#below(skips + 1), ...(held && { held }) });
    }
    const lifeMs = path === undefined ? this.#below(LONGEST_RANDOM_LIFE_MS) : LONGEST_LIFE_MS;
    const hasDied = await Promise.race([
      pool.poolGone().then(() => true),
      sleep(lifeMs, false, { ref: false }),
    ]);
    if (!hasDied && path !== undefined) this.tally.missed.push(death.name);
    await besides;
    await pool.killPool();
    await Promise.all(miners.map((miner) => miner.stop()));
  }

  async #beside(event: Event): Promise<void> {
    await sleep(this.#below(1_000));
    if (event === 'other blocks win') await this.#branch(1 + this.#below(2));
    if (event === 'other blocks win, deeper than coins ripen') {
      await this.#branch(this.pool.profile.maturity + this.#below(3));
    }
    if (event === 'others leave payments out') await this.#leavePaymentsOut();
    if (event === 'the node is killed first') {
      await this.#killNode();
      await sleep(this.#below(1_000));
      await this.pool.node.rise();
    }
    if (event === 'both are killed') {
      await Promise.all([this.#killNode(), this.pool.killPool()]);
      await this.pool.node.rise();
    }
  }

  /** As soon as a payment waits, others find blocks faster than the pool, and take it into none. */
  async #leavePaymentsOut(): Promise<void> {
    while (this.pool.isAlive) {
      if (await this.pool.node.hasWaitingPayments()) await this.pool.node.mineEmpty(1);
      else await sleep(LOOK_MS);
    }
  }

  async #branch(depth: number): Promise<void> {
    this.tally.branches += 1;
    await this.pool.node.reorganise(depth);
  }

  async #killNode(): Promise<void> {
    this.tally.nodeKills += 1;
    await this.pool.node.kill();
  }

  async #rise(event: Event): Promise<void> {
    const { pool } = this;
    for (let death = 0; death < (DEATHS_AT_START[event] ?? 0); death++) {
      const moment = this.#below(2) === 0 ? sql('', 'during') : rpc('', 'during');
      const skip = this.#below(moment.act === 'sql' ? 80 : 20);
      // A start that takes fewer steps is a start.
      if (await pool.startPool({ path: [moment], skip })) await pool.killPool();
      this.tally.killsAtStart += 1;
    }
    if (event === 'killed again at a random moment of its start') {
      const started = pool.startPool();
      await sleep(this.#below(2_000));
      await pool.killPool();
      await started;
      this.tally.killsAtStart += 1;
    }
    assert.ok(await pool.startPool(), 'the pool is there again');
  }

  /** Acknowledged shares are in the ledger; none is there twice, and none that nobody has handed in. */
  #checkShares({ newShares, shareCount, lastSequence }: Books): void {
    for (const hash of newShares) {
      assert.ok(!this.#booked.has(hash), `share ${hash} is in the ledger twice`);
      this.#booked.add(hash);
    }
    this.#lastSequence = lastSequence;
    assert.equal(shareCount, this.#booked.size, 'nothing is gone from the ledger');
    const fates = new Map(this.rigs.flatMap((rig) => [...rig.fates]));
    const lost = [...fates].filter(([hash, fate]) => fate === 'acknowledged' && !this.#booked.has(hash));
    assert.deepEqual(lost, [], 'no acknowledged share is lost');
    const strange = [...this.#booked].filter(
      (hash) => !['acknowledged', 'unanswered'].includes(fates.get(hash) ?? ''),
    );
    assert.deepEqual(strange, [], 'the ledger has no share that was refused, or never handed in');
  }

  /** It passes, whether the pool lies dead or lives. */
  async #audit() {
    const { code, report } = await this.pool.audit(this.#test);
    assert.equal(code, 0, report);
    return JSON.parse(report) as {
      readonly money: { readonly rounds: number; readonly rounds_from_shares: number };
    };
  }

  /** Nobody mines here any more: others bury everything, and what is due is paid. */
  async bury(): Promise<Books> {
    for (;;) {
      await this.pool.node.mine(1);
      const books = await this.pool.untilBooksAgree(this.#lastSequence);
      const isOpen = [...books.owed.values()].some((owed) => owed >= 200_000_000n);
      const isUnderWay = books.payouts.some(({ state }) => state === 'sending' || state === 'confirmed');
      const isRipe = books.blocks.every(({ state }) => state !== 'immature');
      if (!isOpen && !isUnderWay && isRipe) return books;
      if (isOpen) await sleep(1_000);
    }
  }
}

function summary(
  t: TestContext,
  { tally, rigs }: Scene,
  { blocks, payouts, shareCount, carried }: Books,
): void {
  const count = (states: readonly { readonly state: string }[]) =>
    [...new Set(states.map(({ state }) => state))]
      .map((state) => `${states.filter((each) => each.state === state).length} ${state}`)
      .join(', ');
  const fates = rigs.flatMap((rig) => [...rig.fates.values()]);
  const acknowledged = fates.filter((fate) => fate === 'acknowledged').length;
  const refused = fates.filter((fate) => fate === 'refused').length;
  const sent = [...carried.values()].reduce((sum, each) => sum + each, 0n);
  t.diagnostic(
    `seed ${SEED}: killed ${tally.kills} times at work, ${tally.killsAtStart} times at the start, ` +
      `the node ${tally.nodeKills} times; ${tally.branches} reorganisations`,
  );
  t.diagnostic(`${acknowledged} shares acknowledged, ${refused} refused, ${shareCount} in the ledger`);
  t.diagnostic(`blocks: ${count(blocks)}; payouts: ${count(payouts)}; ${sent} nits sent`);
}

test(`a whole pool is killed ${ROUNDS} times: no acknowledged share is lost, every block is credited and every debt paid exactly once`, {
  timeout: ROUNDS * ROUND_MS + 60_000,
}, async (t) => {
  const scene = new Scene(t, await CrashPool.start(t));
  for (let round = 0; round < ROUNDS; round++) {
    const death = DEATHS[(FIRST + round) % DEATHS.length]!;
    const event = death.event ?? EVENTS[(FIRST + round) % EVENTS.length]!;
    const startMs = performance.now();
    try {
      await scene.round(death, event);
    } catch (error) {
      t.diagnostic(`round ${round + 1}, ${death.name}, ${event}, seed ${SEED}\n${scene.pool.complaints}`);
      throw error;
    }
    const tookMs = (performance.now() - startMs).toFixed(0);
    t.diagnostic(`round ${round + 1}: ${death.name}; ${event}; ${tookMs} ms`);
  }
  const books = await scene.bury();
  summary(t, scene, books);
  assert.deepEqual(scene.tally.missed, [], 'the pool came to all the points it was to die at');
  assert.ok(
    books.payouts.some(({ state }) => state === 'settled'),
    'there were payments to lose',
  );
  assert.ok(
    books.blocks.some(({ state }) => state === 'confirmed'),
    'there were blocks to lose',
  );
});
