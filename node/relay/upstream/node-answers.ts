/** What the relay reads of the node's answers. Hashes stay as they are shown: they are only handed on. */
import * as z from 'zod';
import { amount, exactNits, wholeNits } from '../../../protocol/schema.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

export const ChainInfo = z.object({
  blocks: count,
  headers: count,
  bestblockhash: hash,
  difficulty: z.number(),
  time: z.int(),
  mediantime: z.int(),
  chainwork: z.string(),
  initialblockdownload: z.boolean(),
  size_on_disk: count,
  warnings: z.array(z.string()).catch([]),
  /** Only a NilzCoin node has it. */
  nilzcoin: z
    .object({
      network: z.string(),
      address_prefix: z.string(),
      magic: z.string(),
      maturity: count,
      block_time: z.number().positive(),
    })
    .optional(),
});
export type ChainInfo = z.infer<typeof ChainInfo>;

export const HeaderAnswer = z.object({
  hash,
  confirmations: z.int(),
  height: count,
  version: z.int(),
  merkleroot: hash,
  time: z.int(),
  mediantime: z.int(),
  nonce: count,
  bits: z.string(),
  target: z.string(),
  difficulty: z.number(),
  chainwork: z.string(),
  nTx: count,
  previousblockhash: hash.optional(),
  nextblockhash: hash.optional(),
});
export type HeaderAnswer = z.infer<typeof HeaderAnswer>;

/** `getblock HASH 1`. */
export const BlockAnswer = HeaderAnswer.extend({
  strippedsize: count,
  size: count,
  weight: count,
  tx: z.array(hash).min(1),
});
export type BlockAnswer = z.infer<typeof BlockAnswer>;

const script = z.object({
  asm: z.string(),
  hex: z.string(),
  type: z.string(),
  address: z.string().optional(),
});

const input = z.object({
  coinbase: z.string().optional(),
  txid: hash.optional(),
  vout: count.optional(),
  scriptSig: z.object({ hex: z.string() }).optional(),
  txinwitness: z.array(z.string()).default([]),
  sequence: count,
  prevout: z.object({ value: amount, scriptPubKey: script }).optional(),
});
export type InputAnswer = z.infer<typeof input>;

/** `getrawtransaction TXID 2`. */
export const TransactionAnswer = z.object({
  txid: hash,
  hash,
  version: z.int(),
  size: count,
  vsize: count,
  weight: count,
  locktime: count,
  vin: z.array(input).min(1),
  vout: z.array(z.object({ value: amount, n: count, scriptPubKey: script })),
  fee: amount.optional(),
  hex: z.string(),
  blockhash: hash.optional(),
  confirmations: z.int().optional(),
  blocktime: z.int().optional(),
});
export type TransactionAnswer = z.infer<typeof TransactionAnswer>;

/** `getrawtransaction TXID 1`, of that only where it stands and its bytes. */
export const PlacedBytesAnswer = TransactionAnswer.pick({ txid: true, hex: true, blockhash: true });
export type PlacedBytesAnswer = z.infer<typeof PlacedBytesAnswer>;

export const MempoolEntryAnswer = z.object({
  vsize: count,
  time: z.int(),
  fees: z.object({ base: amount }),
  depends: z.array(hash),
});

export const MempoolInfoAnswer = z.object({
  usage: count,
  maxmempool: count,
  mempoolminfee: amount,
});

/** `getblocktemplate`, less the bytes of the transactions. */
export const TemplateAnswer = z.object({
  previousblockhash: hash,
  height: count,
  curtime: z.int(),
  bits: z.string(),
  coinbasevalue: wholeNits,
  transactions: z.array(z.object({ fee: wholeNits, weight: count })),
});
export type TemplateAnswer = z.infer<typeof TemplateAnswer>;

/** Sums come in NILZ and in nits; only the exact ones are read. */
export const BalanceAnswer = z.object({
  spendable_nits: exactNits,
  immature_nits: exactNits,
  pending_nits: exactNits,
  received_nits: exactNits,
});

export const UtxoAnswer = z.object({
  address: z.string(),
  txid: hash,
  outputIndex: count,
  satoshis: wholeNits,
  height: count,
  coinbase: z.boolean(),
  confirmations: count,
  spendable: z.boolean(),
});
export type UtxoAnswer = z.infer<typeof UtxoAnswer>;

export const AddressMempoolAnswer = z.object({
  address: z.string(),
  txid: hash,
  index: count,
  satoshis: wholeNits,
  timestamp: z.int(),
  prevtxid: hash.optional(),
  prevout: count.optional(),
});
export type AddressMempoolAnswer = z.infer<typeof AddressMempoolAnswer>;

export const TipAnswer = z.object({
  height: count,
  hash,
  branchlen: count,
  status: z.string(),
});

export const PeerAnswer = z.object({
  id: count,
  network: z.string(),
  servicesnames: z.array(z.string()),
  bytessent: count,
  bytesrecv: count,
  conntime: z.int(),
  minping: z.number().optional(),
  pingtime: z.number().optional(),
  version: count,
  subver: z.string(),
  inbound: z.boolean(),
  synced_blocks: z.int(),
});

export const NetworkInfoAnswer = z.object({
  subversion: z.string(),
  protocolversion: count,
  localservicesnames: z.array(z.string()),
  connections: count,
  connections_in: count,
  connections_out: count,
});

/** The notifications of `/ws` that are heard. */
export const BlockNotice = z.object({
  hash,
  height: count,
  previousblockhash: hash.nullable(),
  time: z.int(),
});
export type BlockNotice = z.infer<typeof BlockNotice>;

export const TransactionNotice = z.object({ txid: hash, vsize: count, fee: amount, time: z.int() });
export type TransactionNotice = z.infer<typeof TransactionNotice>;

export const RemovalNotice = z.object({ txid: hash, reason: z.string() });
export type RemovalNotice = z.infer<typeof RemovalNotice>;

/** `getspentinfo` of several outputs; empty where no spender is found. */
export const SpendersAnswer = z.array(z.object({ txid: hash.optional(), index: count.optional() }));
