/** Base size, total size → weight → virtual size → what a byte pays. */
import { type Block, blockBaseSize, blockTotalSize, blockWeight } from '../../../../protocol/block.ts';
import {
  baseSize,
  hasWitness,
  isCoinbase,
  type Transaction,
  totalSize,
  transactionWeight,
  vsize,
} from '../../../../protocol/transaction.ts';
import { h } from '../../../../service/web/element.ts';
import { amount, count, plural, significant } from '../../../../service/web/format.ts';
import { panel } from '../../../../service/web/panel.ts';
import { step, steps } from './derivation.ts';
import type { SpentCoin } from './subject.ts';

/** Bitcoin Core: MAX_BLOCK_WEIGHT. */
const MAX_BLOCK_WEIGHT = 4_000_000;

const sum = (text: string): HTMLElement => h('p', { class: 'sum' }, text);

/** How large a transaction counts, and what it pays for that. */
export function transactionSizeDerivation(
  transaction: Transaction,
  spent: readonly (SpentCoin | undefined)[],
): HTMLElement {
  const base = baseSize(transaction);
  const total = totalSize(transaction);
  const weight = transactionWeight(transaction);
  return panel(
    'From bytes to weight and fee rate',
    steps(
      ...weightSteps(base, total, weight, hasWitness(transaction)),
      step(
        'Virtual size',
        'A quarter of the weight, rounded up (BIP 141): what fee rates are counted by.',
        sum(`${count(weight)} ÷ 4 = ${count(vsize(transaction))} vB`),
      ),
      feeStep(transaction, spent),
    ),
  );
}

function feeStep(transaction: Transaction, spent: readonly (SpentCoin | undefined)[]): HTMLElement {
  if (isCoinbase(transaction)) return step('Fee', 'A coinbase pays none: it collects those of its block.');
  let paid = 0n;
  for (const index of transaction.inputs.keys()) {
    const coin = spent[index];
    if (coin === undefined) {
      return step(
        'Fee',
        'What the inputs are worth stands in other transactions, which are not at hand here.',
      );
    }
    paid += coin.value;
  }
  const received = transaction.outputs.reduce((all, { value }) => all + value, 0n);
  const fee = paid - received;
  return step(
    'Fee',
    'What goes in less what comes out. What the inputs are worth stands in the transactions that made them.',
    sum(`${amount(paid)} − ${amount(received)} = ${amount(fee)} NILZ`),
    sum(
      `${plural(Number(fee), 'nit')} ÷ ${count(vsize(transaction))} vB = ${significant(Number(fee) / vsize(transaction))} nit/vB`,
    ),
  );
}

/** How much of a block's room is used. */
export function blockSizeDerivation(block: Block): HTMLElement {
  const weight = blockWeight(block);
  return panel(
    'From bytes to weight',
    steps(
      ...weightSteps(blockBaseSize(block), blockTotalSize(block), weight, true),
      step(
        'Room',
        'No block weighs more than 4,000,000 (BIP 141).',
        sum(
          `${count(weight)} ÷ ${count(MAX_BLOCK_WEIGHT)} = ${significant((100 * weight) / MAX_BLOCK_WEIGHT)} %`,
        ),
      ),
    ),
  );
}

function weightSteps(base: number, total: number, weight: number, hasWitnesses: boolean): HTMLElement[] {
  return [
    step(
      'Base size and total size',
      hasWitnesses
        ? 'Without marker, flag and witnesses; and as it goes over the wire.'
        : 'There are no witnesses, so both are the same.',
      sum(`${count(base)} and ${plural(total, 'byte')}`),
    ),
    step(
      'Weight',
      'Three times the base size and once the total size: a byte of a witness weighs 1, any other 4 (BIP 141).',
      sum(`3 × ${count(base)} + ${count(total)} = ${count(weight)}`),
    ),
  ];
}
