import type { Block } from '../protocol/block.ts';
import { MAX_BLOCK_SIGOPS_COST } from '../protocol/check-block.ts';
import { MAX_BLOCK_WEIGHT } from '../protocol/check-transaction.ts';
import { buildCoinbase, WITNESS_RESERVED_VALUE } from '../protocol/coinbase.ts';
import { rewardAt } from '../protocol/connect.ts';
import { merkleRoot, witnessCommitment } from '../protocol/merkle.ts';
import type { NetworkProfile } from '../protocol/network.ts';
import { hasWitness, type Transaction, type TxOutput, txid, wtxid } from '../protocol/transaction.ts';
import type { Bits, Hash, Height, Nits } from '../protocol/units.ts';
import type { Clock } from './clock.ts';
import type { MempoolEntry } from './mempool/entry.ts';
import type { Mempool } from './mempool/mempool.ts';
import { selectForBlock } from './mempool/selection.ts';

/** BIP 9 top bits, nothing signalled; bits 13–28 are free for the miner to roll (BIP 320). */
export const TEMPLATE_VERSION = 0x2000_0000;
/** The bit of the version that signals for segregated witness. Source: BIP 141, Deployment. */
export const SEGWIT_BIT = 1;
/** Left free for the header, the count and the coinbase a miner builds (Core's `-blockreservedweight`, sigops 400). */
const RESERVED_WEIGHT = 8_000;
const RESERVED_SIGOPS_COST = 400;
/** Building templates may take up at most one part in so many of the time. */
const BUILD_SHARE = 10;
/** Of so few transactions a template is built at every change: that takes no time worth saving. */
const SMALL_MEMPOOL = 200;

/** What a template is built from; the chain's part. */
export interface TemplateChain {
  readonly profile: NetworkProfile;
  readonly tip: { readonly hash: Hash; readonly height: Height; readonly medianTime: number };
  /** Bits of a block on the tip with this time. */
  nextBits(timeSeconds: number): Bits;
}

/** A block to be mined, but for its coinbase, time and nonce. */
export interface BlockTemplate {
  readonly version: number;
  readonly previous: Hash;
  readonly height: Height;
  /**
   * Whether the block may hold witnesses, and so commits to them. Below the network's `segwitHeight` it does not,
   * and is empty, since every payment has a witness: a block without is valid for a node for which segregated
   * witness is not active yet (BIP 9) as well as for one for which it always was (BIP 141).
   */
  readonly hasSegwit: boolean;
  /** One more than the median time of the last 11 blocks: the earliest valid time (BIP 113). */
  readonly minTimeSeconds: number;
  readonly entries: readonly MempoolEntry[];
  readonly fees: Nits;
  /** Reward and fees: the most the coinbase may pay. */
  readonly coinbaseValue: Nits;
  /** Of all wtxids with the reserved value of zeros (BIP 141); undefined where there is none to make. */
  readonly commitment: Hash | undefined;
  /** The mempool's changes up to which it was built. */
  readonly mempoolChanges: number;
}

/** A time and the bits a block of that time must have; where late blocks may be easier they change together. */
export interface Moment {
  readonly timeSeconds: number;
  readonly bits: Bits;
}

/** Builds templates on the tip and keeps the newest while it is good enough. */
export class TemplateSource {
  readonly #chain: TemplateChain;
  readonly #mempool: Mempool;
  readonly #clock: Clock;
  #newest: { readonly template: BlockTemplate; readonly renewableAtMs: number } | undefined;

  constructor(parts: { chain: TemplateChain; mempool: Mempool; clock: Clock }) {
    this.#chain = parts.chain;
    this.#mempool = parts.mempool;
    this.#clock = parts.clock;
  }

  /**
   * The template to hand out now: always on the tip. A change of the mempool shows at once while few wait;
   * otherwise as soon as building does not take up more than a tenth of the time.
   */
  current(): BlockTemplate {
    const kept = this.#newest;
    if (kept !== undefined && kept.template.previous === this.#chain.tip.hash) {
      const unchanged = kept.template.mempoolChanges === this.#mempool.changes;
      const isSmall = this.#mempool.size <= SMALL_MEMPOOL;
      if (unchanged || (!isSmall && performance.now() < kept.renewableAtMs)) return kept.template;
    }
    return this.fresh();
  }

  /** Whether transactions have come or gone that the newest template does not show. */
  get isBehind(): boolean {
    return this.#newest?.template.mempoolChanges !== this.#mempool.changes;
  }

  /** A template of this very moment. */
  fresh(): BlockTemplate {
    const start = performance.now();
    const template = buildTemplate(this.#chain, this.#mempool);
    const end = performance.now();
    this.#newest = { template, renewableAtMs: end + (BUILD_SHARE - 1) * (end - start) };
    return template;
  }

  /** The time a block mined now should carry, and its bits. */
  moment(): Moment {
    const timeSeconds = Math.max(this.#clock.nowSeconds(), this.#chain.tip.medianTime + 1);
    return { timeSeconds, bits: this.#chain.nextBits(timeSeconds) };
  }
}

const ROOM = {
  weight: MAX_BLOCK_WEIGHT - RESERVED_WEIGHT,
  sigopsCost: MAX_BLOCK_SIGOPS_COST - RESERVED_SIGOPS_COST,
};

function buildTemplate({ profile, tip }: TemplateChain, mempool: Mempool): BlockTemplate {
  const height = tip.height + 1;
  const hasSegwit = height >= profile.segwitHeight;
  const entries = hasSegwit ? selectForBlock(mempool, ROOM) : [];
  const fees = entries.reduce((sum, { fee }) => sum + fee, 0n);
  return {
    version: hasSegwit ? TEMPLATE_VERSION : TEMPLATE_VERSION | (1 << SEGWIT_BIT),
    previous: tip.hash,
    height,
    hasSegwit,
    minTimeSeconds: tip.medianTime + 1,
    entries,
    fees,
    coinbaseValue: rewardAt(height, profile) + fees,
    commitment: hasSegwit ? commitmentOf(entries.map((entry) => entry.wtxid)) : undefined,
    mempoolChanges: mempool.changes,
  };
}

/** The witness commitment of a block with these transactions after its coinbase. */
export function commitmentOf(wtxids: readonly Hash[]): Hash {
  // The coinbase's own wtxid counts as zero (BIP 141).
  return witnessCommitment([WITNESS_RESERVED_VALUE, ...wtxids], WITNESS_RESERVED_VALUE);
}

/** What a block needs beyond its transactions. */
export interface BlockParts extends Moment {
  readonly previous: Hash;
  readonly height: Height;
  /** Of the header; `TEMPLATE_VERSION` if absent. */
  readonly version?: number;
  /** False: no commitment unless a transaction has a witness, which makes it necessary. */
  readonly hasSegwit?: boolean;
  /** What the coinbase pays, without the commitment. */
  readonly payouts: readonly TxOutput[];
  readonly transactions: readonly Transaction[];
  /** Coinbase script bytes after the height. */
  readonly extra?: Uint8Array;
}

/** The block with nonce 0, its coinbase built and its merkle root set. */
export function assembleBlock(parts: BlockParts): Block {
  const { previous, height, payouts, transactions, timeSeconds, bits, extra } = parts;
  const { version = TEMPLATE_VERSION, hasSegwit = true } = parts;
  const commits = hasSegwit || transactions.some(hasWitness);
  const coinbase = buildCoinbase({
    height,
    outputs: payouts,
    ...(commits && { commitment: commitmentOf(transactions.map(wtxid)) }),
    ...(extra && { extra }),
  });
  const all = [coinbase, ...transactions];
  return {
    header: {
      version,
      previous,
      merkleRoot: merkleRoot(all.map(txid)).root,
      time: timeSeconds,
      bits,
      nonce: 0,
    },
    transactions: all,
  };
}
