/**
 * What to do about whoever handed in a thing that breaks a rule:
 * - `ignore`: nothing is wrong with the sender; the thing may become valid later, or we already have it;
 * - `reject`: refused as things stand here, which the sender may see differently (another branch, other policy);
 * - `ban`: provably invalid wherever the sender stands, or tampered with on the way.
 */
export type RuleAction = 'ignore' | 'reject' | 'ban';

/** One row of the table: how a broken rule is handled and what it says. */
export interface Rule {
  readonly action: RuleAction;
  /** The delivery is bad, not the block: its header's hash must not be remembered as invalid. */
  readonly mutated?: true;
  /** JSON-RPC error code of the calls that answer with one: −25 verify, −26 rejected, −27 already in chain. */
  readonly rpcCode: -25 | -26 | -27;
  readonly says: string;
}

const VERIFY_ERROR = -25;
const VERIFY_REJECTED = -26;
const ALREADY_IN_CHAIN = -27;

/** Invalid wherever it is seen. */
const badBlock = (says: string): Rule => ({ action: 'ban', rpcCode: VERIFY_ERROR, says });
const badTransaction = (says: string): Rule => ({ action: 'ban', rpcCode: VERIFY_REJECTED, says });
/** Not what the header, or the coinbase, commits to. */
const tampered = (says: string): Rule => ({ action: 'ban', mutated: true, rpcCode: VERIFY_ERROR, says });
/** Not as things stand here. */
const refused = (says: string): Rule => ({ action: 'reject', rpcCode: VERIFY_REJECTED, says });

/**
 * Every rule a header, block or transaction can break, under the reject string Bitcoin Core has for it
 * (src/validation.cpp, src/consensus/tx_check.cpp, src/consensus/tx_verify.cpp, src/policy/policy.cpp).
 * The one code Core lacks, `bad-txns-size`, is that of the reference code of BIP 54.
 */
export const RULES = {
  // Header
  'bad-version': badBlock('block version is below 4'),
  'bad-diffbits': badBlock('bits are not what the chain asks for'),
  'high-hash': badBlock('hash is above the target of the bits'),
  'time-too-old': badBlock('time is not after the median of the last 11 blocks'),
  'time-too-new': { action: 'ignore', rpcCode: VERIFY_ERROR, says: 'time is too far ahead of this clock' },
  'prev-blk-not-found': { action: 'ignore', rpcCode: VERIFY_ERROR, says: 'parent block is unknown' },
  'bad-prevblk': badBlock('parent block is invalid'),

  // Block, as delivered
  'bad-txnmrklroot': tampered('transactions do not hash to the merkle root'),
  'bad-txns-duplicate': tampered('merkle tree repeats a pair'),
  'bad-txns-size': {
    ...tampered('transaction has exactly 64 bytes without witness'),
    rpcCode: VERIFY_REJECTED,
  },
  'bad-witness-nonce-size': tampered('coinbase witness is not one value of 32 bytes'),
  'bad-witness-merkle-match': tampered('witnesses do not hash to the commitment'),
  'unexpected-witness': tampered('witness in a block without commitment'),

  // Block
  'bad-blk-length': badBlock('block has no transactions'),
  'bad-cb-missing': badBlock('first transaction is no coinbase'),
  'bad-cb-multiple': badBlock('more than one coinbase'),
  'bad-cb-length': badBlock('coinbase script is not 2 to 100 bytes long'),
  'bad-cb-height': badBlock('coinbase script does not start with the block height'),
  'bad-cb-amount': badBlock('coinbase pays more than reward and fees'),
  'bad-blk-weight': badBlock('block weight is above the limit'),
  'bad-blk-sigops': badBlock('signature-operation cost is above the limit'),
  'bad-txns-nonfinal': badBlock('block holds a transaction that is not final'),

  // Transaction by itself
  'bad-txns-vin-empty': badTransaction('no inputs'),
  'bad-txns-vout-empty': badTransaction('no outputs'),
  'bad-txns-oversize': badTransaction('larger than any block can hold'),
  'bad-txns-vout-negative': badTransaction('output value is negative'),
  'bad-txns-vout-toolarge': badTransaction('output value is above 21,000,000 NILZ'),
  'bad-txns-txouttotal-toolarge': badTransaction('outputs add up to more than 21,000,000 NILZ'),
  'bad-txns-inputs-duplicate': badTransaction('spends the same output twice'),
  'bad-txns-prevout-null': badTransaction('null previous output outside a coinbase'),
  'non-BIP68-final': badTransaction('relative lock times are not offered on this chain'),

  // Transaction and the coins it spends
  'bad-txns-inputs-missingorspent': {
    action: 'reject',
    rpcCode: VERIFY_ERROR,
    says: 'input is unknown or already spent',
  },
  'bad-txns-premature-spend-of-coinbase': refused('coinbase is not mature yet'),
  'bad-txns-inputvalues-outofrange': badTransaction('inputs add up to more than 21,000,000 NILZ'),
  'bad-txns-in-belowout': badTransaction('outputs exceed inputs'),
  'mandatory-script-verify-flag-failed': badTransaction('input is not a valid P2WPKH spend'),

  // Relay policy: decided by the mempool, listed here so that one table has every word
  'txn-already-known': {
    action: 'ignore',
    rpcCode: ALREADY_IN_CHAIN,
    says: 'transaction is already in the chain',
  },
  'txn-already-in-mempool': {
    action: 'ignore',
    rpcCode: ALREADY_IN_CHAIN,
    says: 'transaction is already in the mempool',
  },
  'txn-same-nonwitness-data-in-mempool': {
    action: 'ignore',
    rpcCode: ALREADY_IN_CHAIN,
    says: 'transaction is already in the mempool with other witnesses',
  },
  'txn-mempool-conflict': refused('spends what a mempool transaction spends'),
  'non-final': { action: 'ignore', rpcCode: VERIFY_REJECTED, says: 'lock time is not reached' },
  'missing-inputs': { action: 'ignore', rpcCode: VERIFY_ERROR, says: 'input is unknown or already spent' },
  coinbase: badTransaction('a coinbase is valid in a block only'),
  version: refused('transaction version is neither 1 nor 2'),
  'tx-size': refused('weight is above the standard limit'),
  scriptpubkey: refused('output script is not standard'),
  datacarrier: refused('OP_RETURN output is over the standard size'),
  'multi-op-return': refused('more than one OP_RETURN output'),
  dust: refused('output is worth less than its spending costs'),
  'min relay fee not met': refused('fee rate is below the relay minimum'),
  'mempool min fee not met': refused('fee rate is below the mempool floor'),
  'mempool full': refused('mempool is full of better paying transactions'),
  'too-long-mempool-chain': refused('too many unconfirmed relatives'),
  'insufficient fee': refused('replacement does not pay enough'),
  'too many potential replacements': refused('replacement evicts too much'),
  'bad-txns-spends-conflicting-tx': refused('replacement spends what it evicts'),
  'replacement-adds-unconfirmed': refused('replacement adds an unconfirmed input'),
  'max-fee-exceeded': { action: 'reject', rpcCode: VERIFY_ERROR, says: 'fee is above the caller’s maximum' },
} satisfies Record<string, Rule>;

/** Reject code of a rule: one of Bitcoin Core's strings. */
export type RuleCode = keyof typeof RULES;

/**
 * A header, block or transaction breaks a rule of the coin. Anything else that is thrown is a bug or a
 * failing machine. `message` is the code, then the detail: what was found against what is allowed.
 */
export class RuleError extends Error {
  override readonly name = 'RuleError';
  readonly code: RuleCode;
  readonly detail: string;
  readonly action: RuleAction;
  /** True if only this delivery is bad: the block of that hash may still be valid. */
  readonly mutated: boolean;

  constructor(code: RuleCode, detail: string = RULES[code].says) {
    super(`${code}: ${detail}`);
    const rule: Rule = RULES[code];
    this.code = code;
    this.detail = detail;
    this.action = rule.action;
    this.mutated = rule.mutated === true;
  }

  /** Error code for the JSON-RPC calls that answer a broken rule with an error. */
  get rpcCode(): Rule['rpcCode'] {
    return RULES[this.code].rpcCode;
  }
}
