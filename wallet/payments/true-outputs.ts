/** What coins are really worth: read from the transactions that made them, which are known by their hash. */
import { displayHash, equalBytes } from '../../protocol/bytes.ts';
import { type OutPoint, outPointKey, type TxOutput } from '../../protocol/transaction.ts';
import type { WalletCoin } from '../chain/chain-view.ts';
import { outgoingTransaction } from '../chain/outgoing.ts';
import { coinName } from '../keys/owner-notes.ts';
import type { Look } from '../wallet-context.ts';
import { WalletError } from '../wallet-error.ts';

/**
 * The outputs themselves, in this order: of payments that are kept here from these, also when the chain does not know
 * them any more, of all others from the chain.
 * @throws WalletError `bad-backend` when it does not have a transaction that it spoke of, or not with this output
 */
export async function trueOutputs(
  outPoints: readonly OutPoint[],
  { contents, view }: Look,
): Promise<readonly TxOutput[]> {
  const kept = new Map(contents.outgoing.map((payment) => [payment.txid, payment]));
  const known = new Map<string, TxOutput | undefined>();
  for (const outPoint of outPoints) {
    const payment = kept.get(displayHash(outPoint.txid));
    if (payment === undefined) continue;
    known.set(outPointKey(outPoint), outgoingTransaction(payment).outputs[outPoint.index]);
  }
  const asked = outPoints.filter((outPoint) => !known.has(outPointKey(outPoint)));
  const read = await view.reader.outputs(asked);
  for (const [at, outPoint] of asked.entries()) known.set(outPointKey(outPoint), read[at]);
  return outPoints.map((outPoint) => {
    const output = known.get(outPointKey(outPoint));
    if (output !== undefined) return output;
    throw new WalletError('bad-backend', `there is no coin ${coinName(outPoint)}; nothing was signed`);
  });
}

/**
 * Compares each coin with the transaction that made it. A signature covers the value it was told (BIP 143), so a
 * lie about it costs no coins; but two lies could be put together into a payment with a giant fee.
 * @throws WalletError `bad-backend`
 */
export async function requireTrueCoins(coins: readonly WalletCoin[], look: Look): Promise<void> {
  const outputs = await trueOutputs(
    coins.map(({ outPoint }) => outPoint),
    look,
  );
  coins.forEach(({ value, script, outPoint }, at) => {
    const output = outputs[at];
    if (output?.value === value && equalBytes(output.script, script)) return;
    throw new WalletError(
      'bad-backend',
      `the node says that coin ${coinName(outPoint)} is another than it is; nothing was signed`,
    );
  });
}
