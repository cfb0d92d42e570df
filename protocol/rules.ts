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

/**
 * Every rule a header, block or transaction can break, under the reject string Bitcoin Core has for it
 * (src/validation.cpp, src/consensus/tx_check.cpp, src/consensus/tx_verify.cpp, src/policy/policy.cpp).
 * The one code Core lacks, `bad-txns-size`, is that of the reference code of BIP 54.
 */
export const RULES = {
  // Header
  'bad-version': { action: 'ban', rpcCode: -25, says: 'block version is below 4' },
  'bad-diffbits': { action: 'ban', rpcCode: -25, says: 'bits are not what the chain asks for' },
  'high-hash': { action: 'ban', rpcCode: -25, says: 'hash is above the target of the bits' },
  'time-too-old': { action: 'ban', rpcCode: -25, says: 'time is not after the median of the last 11 blocks' },
  'time-too-new': { action: 'ignore', rpcCode: -25, says: 'time is too far ahead of this clock' },
  'prev-blk-not-found': { action: 'ignore', rpcCode: -25, says: 'parent block is unknown' },
  'bad-prevblk': { action: 'ban', rpcCode: -25, says: 'parent block is invalid' },

  // Block, as delivered
  'bad-txnmrklroot': {
    action: 'ban',
    mutated: true,
    rpcCode: -25,
    says: 'transactions do not hash to the merkle root',
  },
  'bad-txns-duplicate': { action: 'ban', mutated: true, rpcCode: -25, says: 'merkle tree repeats a pair' },
  'bad-txns-size': {
    action: 'ban',
    mutated: true,
    rpcCode: -26,
    says: 'transaction has exactly 64 bytes without witness',
  },
  'bad-witness-nonce-size': {
    action: 'ban',
    mutated: true,
    rpcCode: -25,
    says: 'coinbase witness is not one value of 32 bytes',
  },
  'bad-witness-merkle-match': {
    action: 'ban',
    mutated: true,
    rpcCode: -25,
    says: 'witnesses do not hash to the commitment',
  },
  'unexpected-witness': {
    action: 'ban',
    mutated: true,
    rpcCode: -25,
    says: 'witness in a block without commitment',
  },

  // Block
  'bad-blk-length': { action: 'ban', rpcCode: -25, says: 'block has no transactions' },
  'bad-cb-missing': { action: 'ban', rpcCode: -25, says: 'first transaction is no coinbase' },
  'bad-cb-multiple': { action: 'ban', rpcCode: -25, says: 'more than one coinbase' },
  'bad-cb-length': { action: 'ban', rpcCode: -25, says: 'coinbase script is not 2 to 100 bytes long' },
  'bad-cb-height': {
    action: 'ban',
    rpcCode: -25,
    says: 'coinbase script does not start with the block height',
  },
  'bad-cb-amount': { action: 'ban', rpcCode: -25, says: 'coinbase pays more than reward and fees' },
  'bad-blk-weight': { action: 'ban', rpcCode: -25, says: 'block weight is above the limit' },
  'bad-blk-sigops': { action: 'ban', rpcCode: -25, says: 'signature-operation cost is above the limit' },
  'bad-txns-nonfinal': { action: 'ban', rpcCode: -25, says: 'block holds a transaction that is not final' },

  // Transaction by itself
  'bad-txns-vin-empty': { action: 'ban', rpcCode: -26, says: 'no inputs' },
  'bad-txns-vout-empty': { action: 'ban', rpcCode: -26, says: 'no outputs' },
  'bad-txns-oversize': { action: 'ban', rpcCode: -26, says: 'larger than any block can hold' },
  'bad-txns-vout-negative': { action: 'ban', rpcCode: -26, says: 'output value is negative' },
  'bad-txns-vout-toolarge': { action: 'ban', rpcCode: -26, says: 'output value is above 21,000,000 NILZ' },
  'bad-txns-txouttotal-toolarge': {
    action: 'ban',
    rpcCode: -26,
    says: 'outputs add up to more than 21,000,000 NILZ',
  },
  'bad-txns-inputs-duplicate': { action: 'ban', rpcCode: -26, says: 'spends the same output twice' },
  'bad-txns-prevout-null': { action: 'ban', rpcCode: -26, says: 'null previous output outside a coinbase' },
  'non-BIP68-final': {
    action: 'ban',
    rpcCode: -26,
    says: 'relative lock times are not offered on this chain',
  },

  // Transaction and the coins it spends
  'bad-txns-inputs-missingorspent': {
    action: 'reject',
    rpcCode: -25,
    says: 'input is unknown or already spent',
  },
  'bad-txns-premature-spend-of-coinbase': {
    action: 'reject',
    rpcCode: -26,
    says: 'coinbase is not mature yet',
  },
  'bad-txns-inputvalues-outofrange': {
    action: 'ban',
    rpcCode: -26,
    says: 'inputs add up to more than 21,000,000 NILZ',
  },
  'bad-txns-in-belowout': { action: 'ban', rpcCode: -26, says: 'outputs exceed inputs' },
  'mandatory-script-verify-flag-failed': {
    action: 'ban',
    rpcCode: -26,
    says: 'input is not a valid P2WPKH spend',
  },

  // Relay policy: decided by the mempool, listed here so that one table has every word
  'txn-already-known': { action: 'ignore', rpcCode: -27, says: 'transaction is already in the chain' },
  'txn-already-in-mempool': { action: 'ignore', rpcCode: -27, says: 'transaction is already in the mempool' },
  'txn-mempool-conflict': {
    action: 'reject',
    rpcCode: -26,
    says: 'spends what a mempool transaction spends',
  },
  'non-final': { action: 'ignore', rpcCode: -26, says: 'lock time is not reached' },
  'missing-inputs': { action: 'ignore', rpcCode: -25, says: 'input is unknown or already spent' },
  coinbase: { action: 'ban', rpcCode: -26, says: 'a coinbase is valid in a block only' },
  version: { action: 'reject', rpcCode: -26, says: 'transaction version is neither 1 nor 2' },
  'tx-size': { action: 'reject', rpcCode: -26, says: 'weight is above the standard limit' },
  scriptpubkey: { action: 'reject', rpcCode: -26, says: 'output script is not standard' },
  datacarrier: { action: 'reject', rpcCode: -26, says: 'OP_RETURN output is over the standard size' },
  'multi-op-return': { action: 'reject', rpcCode: -26, says: 'more than one OP_RETURN output' },
  dust: { action: 'reject', rpcCode: -26, says: 'output is worth less than its spending costs' },
  'min relay fee not met': { action: 'reject', rpcCode: -26, says: 'fee rate is below the relay minimum' },
  'mempool min fee not met': { action: 'reject', rpcCode: -26, says: 'fee rate is below the mempool floor' },
  'mempool full': { action: 'reject', rpcCode: -26, says: 'mempool is full of better paying transactions' },
  'too-long-mempool-chain': { action: 'reject', rpcCode: -26, says: 'too many unconfirmed relatives' },
  'insufficient fee': { action: 'reject', rpcCode: -26, says: 'replacement does not pay enough' },
  'too many potential replacements': { action: 'reject', rpcCode: -26, says: 'replacement evicts too much' },
  'bad-txns-spends-conflicting-tx': {
    action: 'reject',
    rpcCode: -26,
    says: 'replacement spends what it evicts',
  },
  'replacement-adds-unconfirmed': {
    action: 'reject',
    rpcCode: -26,
    says: 'replacement adds an unconfirmed input',
  },
  'max-fee-exceeded': { action: 'reject', rpcCode: -25, says: 'fee is above the caller’s maximum' },
} as const satisfies Record<string, Rule>;

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
