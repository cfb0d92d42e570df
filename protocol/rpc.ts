import * as z from 'zod';
import { amount, compactBits, displayedHash, exactNits, hexBytes, hexNumber, wholeNits } from './schema.ts';

/**
 * The RPC answers our own clients read. A schema checks an answer at the door and turns it into what the
 * code works with: a hash shown in hex becomes bytes in internal order, an amount becomes nits. Fields
 * nobody reads pass unchecked, so answers of other Bitcoin nodes are as good as ours. For what a server
 * sends, take `z.input` of the schema.
 */

/** JSON-RPC error codes. Source: Bitcoin Core, src/rpc/protocol.h. */
export const RPC_ERRORS = {
  misc: -1,
  typeError: -3,
  notFound: -5,
  outOfMemory: -7,
  invalidParameter: -8,
  notConnected: -9,
  inInitialDownload: -10,
  databaseError: -20,
  deserializationError: -22,
  peerAlreadyAdded: -23,
  peerNotAdded: -24,
  verifyError: -25,
  verifyRejected: -26,
  alreadyInChain: -27,
  inWarmup: -28,
  peerNotConnected: -29,
  invalidIpOrSubnet: -30,
  tooManyPeersAdded: -34,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  parseError: -32700,
} as const;

const hash = displayedHash;
const hex = hexBytes;
const height = z.int().nonnegative();
/** Since 1970. */
const seconds = z.int().nonnegative();

/** One transaction of a block template (BIP 22, BIP 145). `data` is the form with witness. */
export const TemplateTransaction = z.object({
  data: hex,
  txid: hash,
  /** The wtxid. */
  hash,
  fee: wholeNits.optional(),
  sigops: z.int().optional(),
  weight: z.int().optional(),
  depends: z.array(z.int().positive()).default([]),
});
export type TemplateTransaction = z.infer<typeof TemplateTransaction>;

/** Answer of `getblocktemplate` (BIP 22, BIP 23, BIP 145). */
export const BlockTemplate = z.object({
  version: z.int(),
  rules: z.array(z.string()).default([]),
  previousblockhash: hash,
  transactions: z.array(TemplateTransaction),
  coinbaseaux: z.record(z.string(), z.string()).default({}),
  coinbasevalue: wholeNits,
  longpollid: z.string().optional(),
  workid: z.string().optional(),
  target: hexNumber,
  mintime: seconds,
  mutable: z.array(z.string()).default([]),
  curtime: seconds,
  bits: compactBits,
  height: z.int().positive(),
  /** Script of the coinbase output that commits to the witnesses (BIP 141), for an unchanged transaction list. */
  default_witness_commitment: hex.optional(),
});
export type BlockTemplate = z.infer<typeof BlockTemplate>;

/** What only a NilzCoin node adds to `getblockchaininfo`, so that clients need no setting. */
export const NilzcoinInfo = z.object({
  network: z.string(),
  address_prefix: z.string(),
  /** Four bytes, hex. */
  magic: z.string(),
  maturity: z.int().nonnegative(),
  /** Target seconds per block. */
  block_time: z.number().positive(),
  /** Of the path of a wallet's keys (SLIP 44). */
  coin_type: z.int().nonnegative().optional(),
});
export type NilzcoinInfo = z.infer<typeof NilzcoinInfo>;

/** Answer of `getblockchaininfo`. */
export const BlockchainInfo = z.object({
  /** Core's names: main, test, signet, regtest; ours say dev too. */
  chain: z.string(),
  blocks: height,
  headers: z.int(),
  bestblockhash: hash,
  difficulty: z.number(),
  mediantime: seconds.optional(),
  initialblockdownload: z.boolean().default(false),
  chainwork: hexNumber.optional(),
  nilzcoin: NilzcoinInfo.optional(),
});
export type BlockchainInfo = z.infer<typeof BlockchainInfo>;

/** Answer of `getblockheader HASH true`; the same fields lead the answer of `getblock`. */
export const BlockHeaderInfo = z.object({
  hash,
  /** −1 on a branch that is not the best. */
  confirmations: z.int(),
  height,
  version: z.int(),
  merkleroot: hash,
  time: seconds,
  mediantime: seconds,
  nonce: z.int().nonnegative(),
  bits: compactBits,
  difficulty: z.number(),
  chainwork: hexNumber,
  nTx: z.int().nonnegative().optional(),
  previousblockhash: hash.optional(),
  nextblockhash: hash.optional(),
});
export type BlockHeaderInfo = z.infer<typeof BlockHeaderInfo>;

const scriptPubKey = z.object({
  asm: z.string().optional(),
  hex,
  type: z.string(),
  address: z.string().optional(),
});

/** One input as verbose answers show it: a coinbase has `coinbase`, any other input `txid` and `vout`. */
const verboseInput = z.object({
  coinbase: hex.optional(),
  txid: hash.optional(),
  vout: z.int().nonnegative().optional(),
  scriptSig: z.object({ hex }).optional(),
  txinwitness: z.array(hex).default([]),
  sequence: z.int().nonnegative(),
});

/** Answer of `getrawtransaction TXID true` and, less the block, of `decoderawtransaction`. */
export const RawTransaction = z.object({
  txid: hash,
  hash,
  version: z.int(),
  size: z.int().positive(),
  vsize: z.int().positive(),
  weight: z.int().positive(),
  locktime: z.int().nonnegative(),
  vin: z.array(verboseInput),
  vout: z.array(z.object({ value: amount, n: z.int().nonnegative(), scriptPubKey })),
  hex: hex.optional(),
  /** Absent while unconfirmed, as are the three below. */
  blockhash: hash.optional(),
  confirmations: z.int().optional(),
  time: seconds.optional(),
  blocktime: seconds.optional(),
});
export type RawTransaction = z.infer<typeof RawTransaction>;

/**
 * Answer of `getaddressbalance`, over all addresses asked for. Each amount comes in NILZ and, exactly, in nits.
 * `balance` = `spendable` + `immature`, confirmed; `pending` is what the mempool adds or (negative) takes.
 */
export const AddressBalance = z.object({
  balance: z.number(),
  balance_nits: exactNits,
  received: z.number(),
  received_nits: exactNits,
  spendable: z.number(),
  spendable_nits: exactNits,
  immature: z.number(),
  immature_nits: exactNits,
  pending: z.number(),
  pending_nits: exactNits,
});
export type AddressBalance = z.infer<typeof AddressBalance>;

/** One row of `getaddressutxos`: a confirmed coin, in the field names of the address-index family. */
export const AddressUtxo = z.object({
  address: z.string(),
  txid: hash,
  outputIndex: z.int().nonnegative(),
  script: hex,
  /** Whole nits. */
  satoshis: wholeNits,
  height,
  coinbase: z.boolean(),
  confirmations: z.int().positive(),
  /** False for a coinbase that the next block may not spend yet. */
  spendable: z.boolean(),
});
export type AddressUtxo = z.infer<typeof AddressUtxo>;

/** Answer of `getaddresstxids`: confirmed transactions of the addresses, oldest first. */
export const AddressTxids = z.array(hash);
export type AddressTxids = z.infer<typeof AddressTxids>;

/** One row of `getaddressmempool`: an output (positive) or input (negative) of an unconfirmed transaction. */
export const AddressMempoolEntry = z.object({
  address: z.string(),
  txid: hash,
  /** Of the output or of the input. */
  index: z.int().nonnegative(),
  /** Whole nits, negative for an input. */
  satoshis: wholeNits,
  /** When it entered the mempool. */
  timestamp: seconds,
  /** The output an input spends. */
  prevtxid: hash.optional(),
  prevout: z.int().nonnegative().optional(),
});
export type AddressMempoolEntry = z.infer<typeof AddressMempoolEntry>;

/** One row of `testmempoolaccept`. */
export const MempoolAcceptance = z.object({
  txid: hash,
  wtxid: hash.optional(),
  allowed: z.boolean(),
  vsize: z.int().positive().optional(),
  fees: z.object({ base: amount }).optional(),
  'reject-reason': z.string().optional(),
});
export type MempoolAcceptance = z.infer<typeof MempoolAcceptance>;

/** Answer of `getmempoolinfo`. Fee rates are NILZ per 1,000 vbytes. */
export const MempoolInfo = z.object({
  size: z.int().nonnegative(),
  bytes: z.int().nonnegative(),
  mempoolminfee: amount,
  minrelaytxfee: amount,
});
export type MempoolInfo = z.infer<typeof MempoolInfo>;

/** Answer of `estimatesmartfee`. The fee rate is in NILZ per 1,000 vbytes; without one, `errors` says why. */
export const SmartFee = z.object({ feerate: amount.optional(), errors: z.array(z.string()).optional() });
export type SmartFee = z.infer<typeof SmartFee>;

/** Answer of `getmininginfo`. */
export const MiningInfo = z.object({
  blocks: height,
  difficulty: z.number(),
  networkhashps: z.number(),
  pooledtx: z.int().nonnegative(),
  chain: z.string(),
});
export type MiningInfo = z.infer<typeof MiningInfo>;

/** Answer of `validateaddress`. */
export const AddressValidation = z.object({
  isvalid: z.boolean(),
  address: z.string().optional(),
  scriptPubKey: hex.optional(),
  isscript: z.boolean().optional(),
  iswitness: z.boolean().optional(),
});
export type AddressValidation = z.infer<typeof AddressValidation>;
