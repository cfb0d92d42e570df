import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrashFaucet, WALLET_FILE } from '../kit/crash-faucet.ts';
import type { CrashPoint, Moment } from '../kit/crash-point.ts';
import { seeded } from '../kit/simulated-miner.ts';

/** How often the faucet is killed while it works; a long run sets the variable. */
const ROUNDS = Number(process.env.NILZ_CRASH_ROUNDS ?? 10);
/** With which of the deaths a run begins: a long one goes on where the one before has ended. */
const FIRST = Number(process.env.NILZ_CRASH_FIRST ?? 0);
/** What chooses all that is random, but for the timing of the machine. */
const SEED = Number(process.env.NILZ_CRASH_SEED ?? Date.now() % 1_000_000_007);
const ROUND_MS = 120_000;
/** A faucet that has not come to the point it is to die at is killed all the same. */
const LONGEST_LIFE_MS = 60_000;
const LONGEST_RANDOM_LIFE_MS = 2_500;
const BLOCK_MS = 300;
/** So many people claim at once. */
const CROWD = 4;
/** So many claims of every round are looked up as their claimants would. */
const LOOKED_UP = 20;

const sql = (text: string, when: Moment['when']): Moment => ({ act: 'sql', text, when });
const rpc = (text: string, when: Moment['when']): Moment => ({ act: 'rpc', text, when });
const wallet = (when: Moment['when']): Moment => ({ act: 'file', text: WALLET_FILE, when });

const CLAIM = 'INSERT INTO claims';
const PAYOUT = 'INSERT INTO payouts';
const ADVANCE = 'UPDATE payouts SET state';
/** How a replacement of a payout's transaction begins. */
const RAISE = 'SELECT state FROM payouts WHERE id = ?';

interface Death {
  readonly name: string;
  /** Without one it comes from outside, at a random moment. */
  readonly path?: CrashPoint['path'];
  /** It may be let go by up to so many times. */
  readonly skips?: number;
  /** What must happen beside it for it to come. */
  readonly event?: Event;
}

const DEATHS: readonly Death[] = [
  {
    name: 'with a payout written and not sent',
    path: [sql(PAYOUT, 'after'), sql('COMMIT', 'after')],
    skips: 1,
  },
  {
    name: 'with a claim written and not answered',
    path: [sql(CLAIM, 'after'), sql('COMMIT', 'after')],
    skips: 20,
  },
  { name: 'with a payout sent', path: [rpc('sendrawtransaction', 'after')], skips: 1 },
  { name: 'with a payout signed', path: [sql(PAYOUT, 'before')], skips: 1 },
  { name: 'with a payout in the wallet', path: [wallet('after')], skips: 1 },
  { name: 'before a payout is sent', path: [rpc('sendrawtransaction', 'before')], skips: 1 },
  { name: 'while a payout is committed', path: [sql(PAYOUT, 'after'), sql('COMMIT', 'during')], skips: 1 },
  {
    name: 'with a raised fee written',
    path: [sql(RAISE, 'after'), sql('COMMIT', 'after')],
    event: 'others leave payments out',
  },
  { name: 'while a payout is confirmed', path: [sql(ADVANCE, 'during')], skips: 2 },
  { name: 'at a random moment' },
  { name: 'before a claim is written', path: [sql(CLAIM, 'before')], skips: 20 },
  { name: 'while a claim is written', path: [sql(CLAIM, 'during')], skips: 20 },
  { name: 'while a claim is committed', path: [sql(CLAIM, 'after'), sql('COMMIT', 'during')], skips: 20 },
  { name: 'with claims chosen', path: [sql('ORDER BY number LIMIT', 'after')], skips: 3 },
  {
    name: 'while a payout is written',
    path: [sql(PAYOUT, 'after'), sql('INSERT INTO payout_inputs', 'after')],
  },
  { name: 'while the wallet is written', path: [wallet('during')], skips: 1 },
  { name: 'while a payout is sent', path: [rpc('sendrawtransaction', 'during')], skips: 1 },
  { name: 'before a payout is confirmed', path: [sql(ADVANCE, 'before')], skips: 2 },
  { name: 'with a payout confirmed', path: [sql(ADVANCE, 'after')], skips: 2 },
  {
    name: 'with a raised fee sent',
    path: [sql(RAISE, 'after'), rpc('sendrawtransaction', 'after')],
    event: 'others leave payments out',
  },
  { name: 'at any statement', path: [sql('', 'during')], skips: 300 },
  { name: 'at any call', path: [rpc('', 'during')], skips: 100 },
  { name: 'with payouts looked for', path: [rpc('getrawtransaction', 'after')], skips: 5 },
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
  'other blocks win, deeper than is looked at each time',
] as const;
type Event = (typeof EVENTS)[number] | 'others leave payments out';

/** How often a faucet dies between two statements, or two calls, of its start. */
const DEATHS_AT_START: Partial<Record<Event, number>> = {
  'killed as it starts again': 1,
  'killed twice as it starts again': 2,
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
  readonly faucet: CrashFaucet;
  readonly tally: Tally = { missed: [], kills: 0, killsAtStart: 0, nodeKills: 0, branches: 0 };
  readonly #random = seeded(SEED);

  constructor(faucet: CrashFaucet) {
    this.faucet = faucet;
  }

  /** A whole number from 0 to below `end`. */
  #below(end: number): number {
    return Math.floor(this.#random() * end);
  }

  /** Works, dies, is looked at as it lies there, rises, and is looked at again. */
  async round(death: Death, event: Event): Promise<void> {
    const { faucet } = this;
    const before = faucet.claimed.length;
    await this.#workAndDie(death, event);
    this.tally.kills += 1;
    await faucet.checkAtAnyTime();
    if (event === 'other blocks win while it is dead') await this.#branch(1 + this.#below(2));
    await this.#rise(event);
    await this.#lookUp(before);
    await faucet.untilAllSent();
    assert.doesNotMatch(faucet.complaints, /"stack"/, 'an error that nobody had thought of');
  }

  async #workAndDie(death: Death, event: Event): Promise<void> {
    const { faucet } = this;
    const { path, skips = 0 } = death;
    if (path !== undefined) faucet.arm({ path, skip: this.#below(skips + 1) });
    const crowd = Array.from({ length: CROWD }, () => faucet.claimOn());
    const besides = this.#beside(event);
    const lifeMs = path === undefined ? this.#below(LONGEST_RANDOM_LIFE_MS) : LONGEST_LIFE_MS;
    const hasDied = await Promise.race([
      faucet.gone().then(() => true),
      sleep(lifeMs, false, { ref: false }),
    ]);
    if (!hasDied && path !== undefined) this.tally.missed.push(death.name);
    await faucet.kill();
    await Promise.all([besides, ...crowd]);
  }

  async #beside(event: Event): Promise<void> {
    const { faucet } = this;
    if (event === 'others leave payments out') return this.#leavePaymentsOut();
    const mining = this.#mineOn();
    await sleep(this.#below(1_000));
    if (event === 'other blocks win') await this.#branch(1 + this.#below(2));
    if (event === 'other blocks win, deeper than is looked at each time')
      await this.#branch(8 + this.#below(4));
    if (event === 'the node is killed first') {
      await this.#killNode();
      await sleep(this.#below(1_000));
      await faucet.node.rise();
    }
    if (event === 'both are killed') {
      await Promise.all([this.#killNode(), faucet.kill()]);
      await faucet.node.rise();
    }
    await mining;
  }

  /** Blocks with all payments that wait, for as long as the faucet lives. */
  async #mineOn(): Promise<void> {
    while (this.faucet.isAlive) {
      await sleep(BLOCK_MS);
      await this.faucet.node.mine(1).catch((error: unknown) => {
        if (!this.#isNodeAway) throw error;
      });
    }
  }

  /** As soon as a payment waits, others find blocks, and take it into none. */
  async #leavePaymentsOut(): Promise<void> {
    const { faucet } = this;
    while (faucet.isAlive) {
      if (await faucet.node.hasWaitingPayments()) await faucet.node.mineEmpty(1);
      await sleep(BLOCK_MS / 3);
    }
  }

  async #branch(depth: number): Promise<void> {
    this.tally.branches += 1;
    await this.faucet.node.reorganise(depth);
  }

  #isNodeAway = false;

  async #killNode(): Promise<void> {
    this.tally.nodeKills += 1;
    this.#isNodeAway = true;
    await this.faucet.node.kill();
  }

  async #rise(event: Event): Promise<void> {
    const { faucet } = this;
    this.#isNodeAway = false;
    for (let death = 0; death < (DEATHS_AT_START[event] ?? 0); death++) {
      const moment = this.#below(2) === 0 ? sql('', 'during') : rpc('', 'during');
      const skip = this.#below(moment.act === 'sql' ? 50 : 15);
      // A start that takes fewer steps is a start.
      if (await faucet.rise({ path: [moment], skip })) await faucet.kill();
      this.tally.killsAtStart += 1;
    }
    assert.ok(await faucet.rise(), 'the faucet is there again');
  }

  /** Whoever has a link to a claim of this round sees it. */
  async #lookUp(from: number): Promise<void> {
    const promised = this.faucet.claimed.slice(from).flatMap(({ id }) => id ?? []);
    for (const id of promised.slice(-LOOKED_UP)) {
      const { status, state } = await this.faucet.look(id);
      assert.equal(status, 200, `claim ${id} has its page`);
      assert.ok(['queued', 'sent', 'confirmed'].includes(state ?? ''), `claim ${id} is ${state}`);
    }
  }

  /** Nobody claims any more: everything is paid and buried. */
  async bury(): Promise<void> {
    await this.faucet.untilAllSent();
    await this.faucet.node.mine(2);
    const chain = await this.faucet.untilAllSent();
    for (const [txid, { confirmations }] of chain.payments) assert.ok(confirmations > 0, txid);
  }
}

async function summary(t: TestContext, { tally, faucet }: Scene): Promise<void> {
  const { claims, payouts } = await faucet.books();
  const promised = faucet.claimed.filter(({ id }) => id !== undefined).length;
  const unanswered = faucet.claimed.length - promised;
  const replaced = payouts.filter(({ txids }) => txids.length > 1).length;
  t.diagnostic(
    `seed ${SEED}: killed ${tally.kills} times at work, ${tally.killsAtStart} times at the start, ` +
      `the node ${tally.nodeKills} times; ${tally.branches} reorganisations`,
  );
  t.diagnostic(
    `${promised} claims promised, ${unanswered} without an answer, ${claims.length} in the books, each paid once; ` +
      `${payouts.length} payouts, ${replaced} of them with a raised fee`,
  );
}

test(`a faucet is killed ${ROUNDS} times: no claim that was promised is lost, and none is paid twice`, {
  timeout: ROUNDS * ROUND_MS + 60_000,
}, async (t) => {
  const scene = new Scene(await CrashFaucet.start(t));
  for (let round = 0; round < ROUNDS; round++) {
    const death = DEATHS[(FIRST + round) % DEATHS.length]!;
    const event = death.event ?? EVENTS[(FIRST + round) % EVENTS.length]!;
    const startMs = performance.now();
    try {
      await scene.round(death, event);
    } catch (error) {
      t.diagnostic(`round ${round + 1}, ${death.name}, ${event}, seed ${SEED}\n${scene.faucet.complaints}`);
      throw error;
    }
    const tookMs = (performance.now() - startMs).toFixed(0);
    t.diagnostic(`round ${round + 1}: ${death.name}; ${event}; ${tookMs} ms`);
  }
  await scene.bury();
  await summary(t, scene);
  assert.deepEqual(scene.tally.missed, [], 'the faucet came to all the points it was to die at');
  assert.ok(scene.faucet.claimed.length > ROUNDS, 'there were promises to lose');
});
