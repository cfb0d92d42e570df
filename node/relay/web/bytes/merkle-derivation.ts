/** Transactions → leaves → the merkle tree level by level → its root; the same for the witness commitment. */
import type { Block } from '../../../../protocol/block.ts';
import { concatBytes, displayHash, equalBytes } from '../../../../protocol/bytes.ts';
import { sha256d } from '../../../../protocol/hash.ts';
import {
  findCommitment,
  type MerkleStep,
  merkleLevelsSteps,
  merklePath,
} from '../../../../protocol/merkle.ts';
import { eachInSteps, type Steps } from '../../../../protocol/steps.ts';
import { txid, wtxid } from '../../../../protocol/transaction.ts';
import type { Hash } from '../../../../protocol/units.ts';
import { h, show } from '../../../../service/web/element.ts';
import { count, plural, shortened } from '../../../../service/web/format.ts';
import { panel } from '../../../../service/web/panel.ts';
import { transactionLink } from '../parts.ts';
import { chooser, compared, digits, step, steps, verdict } from './derivation.ts';

/** Of more the way alone is shown. */
const MAX_DRAWN_LEAVES = 16;

type Levels = readonly (readonly Hash[])[];

/** Both trees of a block, the leaves first. */
export interface Trees {
  readonly txids: Levels;
  /** The coinbase's leaf is zero (BIP 141). */
  readonly wtxids: Levels;
}

/** Hashes all transactions of a block. */
export function* treesOf(block: Block): Steps<Trees> {
  const txids: Hash[] = [];
  const wtxids: Hash[] = [];
  yield* eachInSteps(block.transactions, (transaction, index) => {
    txids.push(txid(transaction));
    wtxids.push(index === 0 ? new Uint8Array(32) : wtxid(transaction));
  });
  return { txids: yield* merkleLevelsSteps(txids), wtxids: yield* merkleLevelsSteps(wtxids) };
}

/** How the merkle root of a block comes about. */
export function merkleDerivation(block: Block, { txids }: Trees): HTMLElement {
  const leaves = txids[0] ?? [];
  const root = txids.at(-1)?.[0];
  const proof = h('div');
  const prove = (index: number) => show(proof, ...proofOf(txids, index));
  prove(0);
  return panel(
    'From the transactions to the merkle root',
    steps(
      step(
        'The leaves',
        'The txid of every transaction, in their order: SHA-256d of its bytes without witnesses.',
        h('p', {}, plural(leaves.length, 'leaf', 'leaves')),
      ),
      step(
        'The levels',
        'Neighbours are hashed together, SHA-256d of the left and the right one; an odd last one is paired with itself.',
        h('p', { class: 'levels' }, txids.map((level) => count(level.length)).join(' → ')),
      ),
      step(
        'The way of one transaction',
        'Who has a txid and the neighbours on its way can compute the root, without the other transactions.',
        leaves.length > 1 ? chooser('Transaction', leaves.length, prove) : null,
        proof,
      ),
      step(
        'The root',
        'It stands in the header, so the work that was done on the header was done for every transaction.',
        compared([
          ['computed', root === undefined ? 'no transactions' : displayHash(root)],
          ['in the header', displayHash(block.header.merkleRoot)],
        ]),
        verdict(
          root !== undefined && equalBytes(root, block.header.merkleRoot),
          'the header commits to these transactions',
          'the header commits to other transactions',
        ),
      ),
    ),
  );
}

function proofOf(levels: Levels, leaf: number): HTMLElement[] {
  const path = merklePath(levels, leaf);
  const id = levels[0]?.[leaf];
  const start = h(
    'p',
    {},
    'Transaction ',
    count(leaf),
    ': ',
    id === undefined ? null : transactionLink(displayHash(id)),
  );
  if (path.length === 0) return [start, h('p', { class: 'about' }, 'It is alone: its txid is the root.')];
  const rows = path.map((pair, level) => proofRow(pair, level));
  const tree = (levels[0]?.length ?? 0) <= MAX_DRAWN_LEAVES ? [treeElement(levels, leaf)] : [];
  return [start, ...tree, h('ol', { class: 'merkle-path' }, ...rows)];
}

/** The whole tree, its leaves in the first row; the nodes on the way of one leaf are marked. */
function treeElement(levels: Levels, leaf: number): HTMLElement {
  const rows = levels.map((level, height) => {
    const own = Math.floor(leaf / 2 ** height);
    const nodes = level.map((hash, index) => nodeElement(hash, index === own));
    return h(
      'li',
      { class: 'merkle-tree-level' },
      h('span', { class: 'about merkle-level' }, `level ${height}`),
      h('span', { class: 'merkle-nodes' }, ...nodes),
    );
  });
  return h('ol', { class: 'merkle-tree', 'aria-label': 'The tree, level by level' }, ...rows);
}

/** @param isOwn whether it is on the way that is shown */
function nodeElement(hash: Hash, isOwn: boolean): HTMLElement {
  const shown = displayHash(hash);
  return h('span', { class: 'merkle-node hash', 'data-own': isOwn, title: shown }, shortened(shown, 4, 4));
}

function proofRow({ left, right, parent, side, isAlone }: MerkleStep, level: number): HTMLElement {
  return h(
    'li',
    { class: 'merkle-row' },
    h('span', { class: 'about merkle-level' }, `level ${level}${isAlone ? ', paired with itself' : ''}`),
    nodeElement(left, side === 'left'),
    h('span', { class: 'about' }, '+'),
    nodeElement(right, side === 'right'),
    h('span', { class: 'merkle-nodes' }, h('span', { class: 'about' }, '→'), nodeElement(parent, true)),
  );
}

/** How the witness commitment comes about; a block without witnesses needs none. */
export function commitmentDerivation(block: Block, { wtxids }: Trees): HTMLElement | undefined {
  const [coinbase] = block.transactions;
  const commitment = coinbase === undefined ? undefined : findCommitment(coinbase);
  const reserved = coinbase?.inputs[0]?.witness[0];
  const root = wtxids.at(-1)?.[0];
  if (commitment === undefined || reserved === undefined || root === undefined) return undefined;
  const computed = sha256d(concatBytes(root, reserved));
  return panel(
    'From the witnesses to the commitment',
    steps(
      step(
        'The leaves',
        'The wtxid of every transaction: SHA-256d with witnesses. That of the coinbase is taken as zero, since it holds the commitment (BIP 141).',
      ),
      step('Their root', 'The same kind of tree.', digits(displayHash(root))),
      step(
        'The reserved value',
        'The only witness item of the coinbase: 32 bytes that are kept for later rules.',
        digits(displayHash(reserved)),
      ),
      step(
        'The commitment',
        `SHA-256d of root and reserved value. It stands in output ${commitment.index} of the coinbase, behind 6a24aa21a9ed; here both from the back.`,
        compared([
          ['computed', displayHash(computed)],
          ['in the coinbase', displayHash(commitment.hash)],
        ]),
        verdict(
          equalBytes(computed, commitment.hash),
          'the coinbase commits to these witnesses',
          'the coinbase commits to other witnesses',
        ),
      ),
    ),
  );
}
