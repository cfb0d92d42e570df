import { concatBytes, equalBytes, hashKey, hexToBytes } from '../../protocol/bytes.ts';
import { merkleBranch, witnessCommitment } from '../../protocol/merkle.ts';
import type { BlockTemplate } from '../../protocol/rpc.ts';
import { VERSION_ROLLING_MASK } from '../../protocol/stratum.ts';
import type { Bits, Hash, Height, Nits } from '../../protocol/units.ts';

/** What `getblocktemplate` is asked with (BIP 22, BIP 145). */
export const TEMPLATE_REQUEST = { capabilities: ['longpoll', 'coinbasevalue'], rules: ['segwit'] } as const;

/** A block template as the pool works with it. All jobs made from one template share it. */
export interface Template {
  /** Hash of the block to build on. */
  readonly previous: Hash;
  /** Height of the block to be mined. */
  readonly height: Height;
  /** i32 without a bit inside the rolling mask. */
  readonly version: number;
  readonly bits: Bits;
  /** Seconds since 1970. Time and bits belong together: on some networks an older block may be easier. */
  readonly time: number;
  /** Subsidy and fees. */
  readonly reward: Nits;
  /** What the node wants inside the coinbase script (BIP 22, `coinbaseaux`). */
  readonly auxiliary: Uint8Array;
  /** The hashes beside the coinbase's path up the merkle tree. */
  readonly branch: readonly Hash[];
  /** Absent when the node runs without segregated witness. */
  readonly commitment: Hash | undefined;
  /** The other transactions in the order of the block, encoded with witness, by `hashKey` of the txid. */
  readonly transactions: ReadonlyMap<string, Uint8Array>;
}

/** A template that this pool cannot turn into work; the message says why. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** Rules a template may mark as mandatory with "!" that this pool knows how to keep. */
const KNOWN_RULES = new Set(['csv', 'segwit', 'taproot']);
const COMMITMENT_OFFSET = 6;
const COMMITMENT_END = 38;

/**
 * Reads a node's answer.
 * @param former the template before: bytes of transactions that are in both are kept once
 * @throws TemplateError when the node demands something this pool does not know
 * @throws CodecError when `coinbaseaux` is not hex
 */
export function readTemplate(answer: BlockTemplate, former?: Template): Template {
  for (const rule of answer.rules) {
    if (rule.startsWith('!') && !KNOWN_RULES.has(rule.slice(1))) {
      throw new TemplateError(`the node demands the rule "${rule.slice(1)}", which this pool does not know`);
    }
  }
  const transactions = new Map<string, Uint8Array>();
  for (const { txid, data } of answer.transactions) {
    const key = hashKey(txid);
    transactions.set(key, former?.transactions.get(key) ?? data);
  }
  if (transactions.size !== answer.transactions.length) {
    throw new TemplateError('the template holds a transaction twice');
  }
  const placeholder = new Uint8Array(32);
  return {
    previous: answer.previousblockhash,
    height: answer.height,
    version: answer.version & ~VERSION_ROLLING_MASK,
    bits: answer.bits,
    time: answer.curtime,
    reward: answer.coinbasevalue,
    auxiliary: concatBytes(...Object.values(answer.coinbaseaux).map(hexToBytes)),
    branch: merkleBranch([placeholder, ...answer.transactions.map(({ txid }) => txid)]),
    commitment: commitmentOf(answer),
    transactions,
  };
}

/** The node's own commitment, or ours over the wtxids where it gives none (BIP 145). */
function commitmentOf(answer: BlockTemplate): Hash | undefined {
  const script = answer.default_witness_commitment;
  if (script !== undefined) {
    if (script.length < COMMITMENT_END) throw new TemplateError('the witness commitment is too short');
    return script.slice(COMMITMENT_OFFSET, COMMITMENT_END);
  }
  const hasSegwit = answer.rules.some((rule) => rule === 'segwit' || rule === '!segwit');
  if (!hasSegwit) return undefined;
  const reserved = new Uint8Array(32);
  return witnessCommitment([reserved, ...answer.transactions.map(({ hash }) => hash)], reserved);
}

/** Whether a miner would work on the same block with either, whatever the time says. */
export function isSameWork(a: Template, b: Template): boolean {
  return (
    equalBytes(a.previous, b.previous) &&
    a.bits === b.bits &&
    a.reward === b.reward &&
    equalBytes(concatBytes(...a.branch), concatBytes(...b.branch))
  );
}
