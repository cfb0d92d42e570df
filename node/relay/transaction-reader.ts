import { amountFields } from '../../protocol/amount-fields.ts';
import type { TxRow } from '../../protocol/relay.ts';
import { KeptFacts } from '../../service/kept-facts.ts';
import { found } from './chain-reader.ts';
import { type InputAnswer, PlacedBytesAnswer, TransactionAnswer } from './upstream/node-answers.ts';
import type { NodeCalls } from './upstream/node-calls.ts';
import type { NodeListener } from './upstream/node-link.ts';

/** Transactions whose rows are kept, and what those that are kept whole weigh together. */
const KEPT_ROWS = 50_000;
const KEPT_WEIGHT = 50_000;
/** Hex digits that weigh as much as an input or output. */
const DIGITS_PER_END = 1_000;

/** Reads transactions from the node, and keeps what never changes of them. */
export class TransactionReader implements NodeListener {
  readonly #calls: NodeCalls;
  readonly #rows = new KeptFacts<TxRow>(KEPT_ROWS);
  /** Confirmed ones: where they stand is forgotten when a block leaves the best chain. */
  readonly #confirmed = new KeptFacts<TransactionAnswer>(KEPT_WEIGHT, weightOf);

  constructor(calls: NodeCalls) {
    this.#calls = calls;
  }

  onUp(): void {
    this.#confirmed.clear();
  }

  onBlockGone(): void {
    this.#confirmed.clear();
  }

  /**
   * A transaction with the coins it spends.
   * @throws HttpError 404 where there is none in the best chain and the mempool
   */
  async read(txid: string): Promise<TransactionAnswer> {
    const known = await this.#confirmed.peek(txid);
    if (known !== undefined) return known;
    const answer = await found(
      this.#calls.quick('getrawtransaction', [txid, 2], TransactionAnswer),
      missing(txid),
    );
    if (answer.blockhash !== undefined) this.#confirmed.set(txid, answer);
    return answer;
  }

  /**
   * The bytes of a transaction and its block: without the coins it spends, which the node would have to look up.
   * @throws HttpError 404 where there is none in the best chain and the mempool
   */
  async bytes(txid: string): Promise<PlacedBytesAnswer> {
    const known = await this.#confirmed.peek(txid);
    if (known !== undefined) return known;
    return found(this.#calls.quick('getrawtransaction', [txid, 1], PlacedBytesAnswer), missing(txid));
  }

  /** The row of a transaction. @param blockHash where to look, for those of any branch */
  row(txid: string, blockHash?: string): Promise<TxRow> {
    return this.#rows.get(txid, async () => {
      const params = blockHash === undefined ? [txid, 2] : [txid, 2, blockHash];
      const missing = `there is no transaction ${txid}`;
      return txRow(await found(this.#calls.quick('getrawtransaction', params, TransactionAnswer), missing));
    });
  }
}

function missing(txid: string): string {
  return `there is no transaction ${txid} in the chain or the mempool`;
}

/** What lists show of a transaction. */
export function txRow(transaction: TransactionAnswer): TxRow {
  const { txid, vsize, fee, vin, vout } = transaction;
  return {
    txid,
    vsize,
    ...amountFields('fee', fee),
    fee_rate: fee === undefined ? null : feeRateOf(fee, vsize),
    ...amountFields(
      'output',
      vout.reduce((sum, { value }) => sum + value, 0n),
    ),
    inputs: vin.length,
    outputs: vout.length,
    is_coinbase: isCoinbase(vin),
  };
}

export function isCoinbase(inputs: readonly InputAnswer[]): boolean {
  return inputs[0]?.coinbase !== undefined;
}

/** Nits per virtual byte, to the thousandth. */
export function feeRateOf(fee: bigint, vsize: number): number {
  return Math.round((Number(fee) / vsize) * 1_000) / 1_000;
}

function weightOf({ vin, vout, hex }: TransactionAnswer): number {
  return vin.length + vout.length + hex.length / DIGITS_PER_END;
}
