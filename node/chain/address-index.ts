import { isMature } from '../../protocol/check-input.ts';
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Hash, Height, Nits } from '../../protocol/units.ts';
import type { Database } from '../../service/database.ts';
import { findOutputs, type OutputRow } from '../storage/outputs-table.ts';
import { comparePlaces, type Place } from '../storage/place.ts';

/** What scripts own on the best chain. All sums are exact. */
export interface AddressBalance {
  /** What a block on the tip could spend. */
  readonly spendable: Nits;
  /** Coinbase outputs that are not old enough yet. */
  readonly immature: Nits;
  /** Everything ever received, spent or not. */
  readonly received: Nits;
}

/** An unspent output. */
export interface AddressCoin {
  readonly script: Uint8Array;
  readonly txid: Hash;
  readonly index: number;
  readonly value: Nits;
  readonly height: Height;
  readonly coinbase: boolean;
  /** Whether a block on the tip could spend it. */
  readonly mature: boolean;
}

/** A transaction that pays to or spends from one of the scripts. */
export interface AddressTransaction {
  readonly txid: Hash;
  readonly height: Height;
  /** Of the transaction in its block. */
  readonly position: number;
}

/** One output received (positive) or spent (negative). */
export interface AddressDelta extends AddressTransaction {
  readonly script: Uint8Array;
  /** Of the output that is received, or of the input that spends. */
  readonly index: number;
  readonly value: Nits;
}

/** Heights to look at, both included; left out: from the genesis block, up to the tip. */
export interface HeightRange {
  readonly start?: Height | undefined;
  readonly end?: Height | undefined;
}

/**
 * What the best chain says of scripts. Each answer is as of one block: the tip that was written last.
 * Everything is in the order of the chain.
 */
export class AddressIndex {
  readonly #database: Database;
  readonly #profile: NetworkProfile;

  constructor(database: Database, profile: NetworkProfile) {
    this.#database = database;
    this.#profile = profile;
  }

  async balance(scripts: readonly Uint8Array[]): Promise<AddressBalance> {
    const { tipHeight, outputs } = await findOutputs(this.#database, scripts, { unspentOnly: false });
    const sums = { spendable: 0n, immature: 0n, received: 0n };
    for (const output of outputs) {
      sums.received += output.value;
      if (output.spent !== undefined) continue;
      if (this.#isMature(output, tipHeight)) sums.spendable += output.value;
      else sums.immature += output.value;
    }
    return sums;
  }

  /** The unspent outputs of these scripts. */
  async coins(scripts: readonly Uint8Array[]): Promise<AddressCoin[]> {
    const { tipHeight, outputs } = await findOutputs(this.#database, scripts, { unspentOnly: true });
    return outputs.map((output) => ({
      script: output.script,
      txid: output.txid,
      index: output.created.index,
      value: output.value,
      height: output.created.height,
      coinbase: output.created.position === 0,
      mature: this.#isMature(output, tipHeight),
    }));
  }

  /** The transactions that pay to or spend from these scripts, each once. */
  async transactions(scripts: readonly Uint8Array[], range: HeightRange = {}): Promise<AddressTransaction[]> {
    const transactions = new Map<string, AddressTransaction>();
    for (const { txid, height, position } of await this.deltas(scripts, range)) {
      transactions.set(`${height}:${position}`, { txid, height, position });
    }
    return [...transactions.values()];
  }

  /** Every output of these scripts as it came and as it went. */
  async deltas(scripts: readonly Uint8Array[], range: HeightRange = {}): Promise<AddressDelta[]> {
    const { start = 0, end = Number.POSITIVE_INFINITY } = range;
    const within = ({ height }: Place): boolean => height >= start && height <= end;
    const { outputs } = await findOutputs(this.#database, scripts, { unspentOnly: false });
    const received = outputs
      .filter(({ created }) => within(created))
      .map(({ txid, script, value, created }) => ({ txid, script, value, ...created }));
    const spent = outputs.flatMap(({ script, value, spent: by }) =>
      by !== undefined && within(by) ? [{ script, value: -value, ...by }] : [],
    );
    return [...received, ...spent].sort(comparePlaces);
  }

  #isMature({ value, script, created: { height, position } }: OutputRow, tipHeight: Height): boolean {
    return isMature({ value, script, height, coinbase: position === 0 }, tipHeight + 1, this.#profile);
  }
}
