/**
 * The answers of the public relay: what it promises, what it checks before it sends, and what its clients read.
 * `/openapi.json` is made of these. Names are snake_case, times are seconds since 1970, hashes are as shown,
 * amounts come in NILZ and exactly in nits, and what is unknown is null.
 */
import * as z from 'zod';
import {
  amountShape,
  count,
  feeRate,
  hashText,
  hexText,
  nextMark,
  nextNumber,
  nullableAmountShape,
  seconds,
} from './relay-fields.ts';

/** What goes wrong, as words that a program can compare. */
export const RELAY_ERROR_CODES = [
  'bad-request',
  'not-found',
  'method-not-allowed',
  'mark-void',
  'too-large',
  'unsupported-type',
  'rejected',
  'too-many-requests',
  'internal',
  'node-away',
  'node-busy',
] as const;
export type RelayErrorCode = (typeof RELAY_ERROR_CODES)[number];

/** The body of every answer from 400 on. */
export const RelayError = z
  .object({
    error: z.object({
      code: z.enum(RELAY_ERROR_CODES).describe('what went wrong'),
      message: z.string().describe('the same as a sentence'),
      field: z.string().optional().describe('the parameter or field that is wrong'),
      reason: z.string().optional().describe("the node's word for a transaction that it refuses"),
      retry_after_seconds: z.number().optional().describe('when to come back'),
    }),
  })
  .meta({ id: 'Error' });
export type RelayError = z.infer<typeof RelayError>;

export const RelayNetwork = z
  .object({
    name: z.string().describe('main, test, dev, regtest, or that of a private network'),
    magic: hexText("what messages between peers begin with: the network's identity"),
    address_prefix: z.string().describe('what its addresses begin with'),
    test_money: z.boolean().describe('whether its coins are worth nothing: true on every network but main'),
    maturity: count('blocks until a coinbase can be spent'),
    block_time_seconds: z.number().positive().describe('time per block that the retarget aims at'),
  })
  .meta({ id: 'Network' });
export type RelayNetwork = z.infer<typeof RelayNetwork>;

export const RelayTip = z
  .object({ height: count('its height'), hash: hashText('its hash'), time: seconds('its time') })
  .meta({ id: 'Tip' });
export type RelayTip = z.infer<typeof RelayTip>;

/** How the relay gets on with its node. */
export const UpstreamState = z
  .object({
    state: z.enum(['ok', 'syncing', 'away']).describe('syncing: the node is still fetching the chain'),
    reason: z.string().nullable().describe('why it is away'),
    since: seconds('since when').nullable(),
  })
  .meta({ id: 'Upstream' });
export type UpstreamState = z.infer<typeof UpstreamState>;

/** `GET /health`; 200, and 503 while the node is away. */
export const RelayHealth = z
  .object({
    service: z.literal('nilz-relay').describe('what this is'),
    id: z.string().describe('label of this instance'),
    version: z.string().describe('of this program'),
    status: z.enum(['ok', 'syncing', 'trouble']),
    time: seconds('clock of the relay'),
    uptime_seconds: z.number().nonnegative(),
    node: UpstreamState,
    network: RelayNetwork.nullable(),
    height: count('of the tip').nullable(),
    tip: RelayTip.nullable(),
    tip_age_seconds: z.number().nullable().describe('how long ago the tip says it was made'),
    listeners: count('open WebSockets of /events'),
  })
  .meta({ id: 'Health' });
export type RelayHealth = z.infer<typeof RelayHealth>;

export const BlockRow = z
  .object({
    hash: hashText('its hash'),
    height: count('its height'),
    time: seconds('its time'),
    difficulty: z.number().describe('how many times harder it was than the target 0xffff·2^208'),
    transactions: count('how many, the coinbase included'),
    size: count('serialised bytes'),
    weight: count('weight (BIP 141)'),
    ...amountShape('reward', "sum of the coinbase's outputs"),
    ...nullableAmountShape('fees', 'what of the reward goes beyond the subsidy'),
    finder: z.string().nullable().describe("address of the coinbase's first output that has one"),
    coinbase_hex: hexText("the coinbase's input script: height, and whatever its miner wrote"),
  })
  .meta({ id: 'BlockRow' });
export type BlockRow = z.infer<typeof BlockRow>;

/** `GET /chain`: where the chain stands, and its last blocks. */
export const RelayChain = z
  .object({
    time: seconds('clock of the relay'),
    network: RelayNetwork,
    tip: RelayTip,
    headers: count('height of the best known header: above the tip while blocks are fetched'),
    syncing: z.boolean().describe('whether the node is still fetching the chain'),
    difficulty: z.number().describe('of the tip'),
    next_difficulty: z.number().nullable().describe('of the next block'),
    hash_rate: z.number().nullable().describe('hashes per second of the network, over the last blocks'),
    chain_work: z.string().describe('work of the chain in expected hashes, hex'),
    median_time: seconds('median of the times of the last 11 blocks'),
    blocks: z.array(BlockRow).describe('newest first'),
    next: nextNumber('before'),
  })
  .meta({ id: 'Chain' });
export type RelayChain = z.infer<typeof RelayChain>;

export const TxRow = z
  .object({
    txid: hashText('its id'),
    vsize: count('virtual bytes: a quarter of the weight, rounded up'),
    ...nullableAmountShape('fee', 'what it pays to its miner'),
    fee_rate: feeRate('fee by size').nullable(),
    ...amountShape('output', 'sum of its outputs'),
    inputs: count('how many'),
    outputs: count('how many'),
    is_coinbase: z.boolean(),
  })
  .meta({ id: 'TxRow' });
export type TxRow = z.infer<typeof TxRow>;

/** `GET /block/{id}`. */
export const RelayBlock = BlockRow.extend({
  on_best_chain: z.boolean(),
  confirmations: count('blocks from this one to the tip, both counted; 0 off the best chain'),
  version: z.int(),
  merkle_root: hashText('root of the tree of its transactions'),
  bits: hexText('the target in its compact form'),
  target: hexText('no hash may be above it'),
  nonce: count('what was searched'),
  median_time: seconds('median of the times of the last 11 blocks up to this one'),
  chain_work: z.string().describe('work of the chain up to this block in expected hashes, hex'),
  stripped_size: count('serialised bytes without witnesses'),
  previous: hashText('its parent').nullable(),
  following: hashText('the next block of the best chain').nullable(),
  rows: z.array(TxRow).describe('a page of its transactions, in their order'),
  next: nextNumber('after'),
}).meta({ id: 'Block' });
export type RelayBlock = z.infer<typeof RelayBlock>;

/** `GET /block/{id}/hex`, `GET /block/{id}/header`, `GET /tx/{txid}/hex`. */
export const RelayHex = z.object({ hex: hexText('the bytes') }).meta({ id: 'Hex' });
export type RelayHex = z.infer<typeof RelayHex>;

export const TxInputRow = z
  .object({
    txid: hashText('of the output it spends; null for a coinbase').nullable(),
    vout: count('index of that output; null for a coinbase').nullable(),
    coinbase_hex: hexText('script of a coinbase; null for any other').nullable(),
    ...nullableAmountShape('value', 'what it spends'),
    address: z.string().nullable().describe('whose coin it spends'),
    script_hex: hexText('its script'),
    witness: z.array(hexText('an element')),
    sequence: count('its sequence number'),
  })
  .meta({ id: 'TxInput' });
export type TxInputRow = z.infer<typeof TxInputRow>;

export const TxOutputRow = z
  .object({
    index: count('its place'),
    ...amountShape('value', 'what it holds'),
    address: z.string().nullable().describe('whom it pays; null where its script is no address'),
    type: z.string().describe("kind of script, in Bitcoin Core's words"),
    script_hex: hexText('its script'),
    asm: z.string().describe('its script in words'),
    spent: z
      .boolean()
      .nullable()
      .describe('whether a transaction spends it, confirmed or not; null: not looked up'),
    spent_by: z
      .object({ txid: hashText('which'), input: count('which of its inputs') })
      .nullable()
      .describe('the transaction that does, where it is known'),
  })
  .meta({ id: 'TxOutput' });
export type TxOutputRow = z.infer<typeof TxOutputRow>;

export const TxBlock = z
  .object({
    hash: hashText('which'),
    height: count('its height'),
    time: seconds('its time'),
    index: count('place of the transaction in it').nullable(),
  })
  .meta({ id: 'TxBlock' });
export type TxBlock = z.infer<typeof TxBlock>;

/** `GET /tx/{txid}`. */
export const RelayTransaction = TxRow.omit({ inputs: true, outputs: true })
  .extend({
    wtxid: hashText('hash with witnesses'),
    version: z.int(),
    lock_time: count('height or time before which it cannot be mined'),
    size: count('serialised bytes'),
    weight: count('weight (BIP 141)'),
    block: TxBlock.nullable().describe('null while it waits for one'),
    confirmations: count('blocks from its own to the tip, both counted; 0 while it waits for one'),
    first_seen: seconds('when the node got it; only while it waits').nullable(),
    waits_for: z.array(hashText('its id')).describe('unconfirmed transactions that it spends from'),
    inputs: z.array(TxInputRow),
    outputs: z.array(TxOutputRow),
    hex: hexText('its bytes'),
  })
  .meta({ id: 'Transaction' });
export type RelayTransaction = z.infer<typeof RelayTransaction>;

/** `POST /txs {"txids": […]}`: several at once, in their order, null where there is none. */
export const RelayTransactions = z
  .object({
    transactions: z.array(
      z
        .object({
          txid: hashText('its id'),
          hex: hexText('its bytes'),
          block: TxBlock.nullable(),
          confirmations: count('0 while it waits for a block'),
        })
        .nullable(),
    ),
  })
  .meta({ id: 'Transactions' });
export type RelayTransactions = z.infer<typeof RelayTransactions>;

/** `POST /tx`. */
export const RelayBroadcast = z.object({ txid: hashText('its id') }).meta({ id: 'Broadcast' });
export type RelayBroadcast = z.infer<typeof RelayBroadcast>;

export const TemplateSummary = z
  .object({
    height: count('of the block to be found'),
    previous: hashText('the tip'),
    time: seconds('when it was made'),
    transactions: count('how many, without the coinbase'),
    weight: count('of those'),
    ...amountShape('fees', 'what they pay'),
    ...amountShape('reward', 'what its finder gets'),
    difficulty: z.number(),
    bits: hexText('the target in its compact form'),
    fee_rates: z
      .object({ min: feeRate('lowest'), median: feeRate('that of the middle'), max: feeRate('highest') })
      .nullable()
      .describe('null without transactions'),
  })
  .meta({ id: 'Template' });
export type TemplateSummary = z.infer<typeof TemplateSummary>;

/** `GET /template`: what the next block would be made of; null while the node gives none. */
export const RelayTemplate = z
  .object({ template: TemplateSummary.nullable() })
  .meta({ id: 'TemplateAnswer' });
export type RelayTemplate = z.infer<typeof RelayTemplate>;

export const FeeBin = z
  .object({
    from: feeRate('lowest'),
    to: feeRate('the first above it').nullable(),
    transactions: count('how many'),
    vsize: count('their virtual bytes'),
  })
  .meta({ id: 'FeeBin' });
export type FeeBin = z.infer<typeof FeeBin>;

export const MempoolRow = TxRow.extend({ time: seconds('when the node got it') }).meta({ id: 'MempoolRow' });
export type MempoolRow = z.infer<typeof MempoolRow>;

/** `GET /mempool`. */
export const RelayMempool = z
  .object({
    size: count('transactions'),
    vsize: count('their virtual bytes'),
    ...amountShape('fees', 'what they pay'),
    usage_bytes: count('memory they take up'),
    max_bytes: count('memory they may take up'),
    min_fee_rate: feeRate('lowest rate that is let in'),
    histogram: z.array(FeeBin).describe('highest rates first'),
    rows: z.array(MempoolRow).describe('newest first'),
    next: nextMark('before'),
  })
  .meta({ id: 'Mempool' });
export type RelayMempool = z.infer<typeof RelayMempool>;

/** `GET /fees`. */
export const RelayFees = z
  .object({
    min_fee_rate: feeRate('lowest rate that is let in'),
    estimates: z.array(
      z.object({
        blocks: count('within so many'),
        fee_rate: feeRate('what was enough').nullable().describe('null: not enough was seen to tell'),
      }),
    ),
  })
  .meta({ id: 'Fees' });
export type RelayFees = z.infer<typeof RelayFees>;

/** What an address owns. */
export const AddressSummary = z
  .object({
    address: z.string().describe('whose'),
    used: z.boolean().describe('whether any transaction ever paid to it, confirmed or not'),
    ...amountShape('balance', 'confirmed: spendable and immature'),
    ...amountShape('spendable', 'what the next block could spend, without what already waits to be spent'),
    ...amountShape('immature', 'block rewards that have to wait'),
    ...amountShape('pending', 'what unconfirmed transactions add, or take if negative'),
    ...amountShape('pending_in', 'what they pay to it'),
    ...amountShape('pending_out', 'what they spend of it'),
    ...amountShape('received', 'all that ever came, confirmed'),
    ...amountShape('sent', 'all that ever left, confirmed'),
  })
  .meta({ id: 'AddressSummary' });
export type AddressSummary = z.infer<typeof AddressSummary>;

export const HistoryRow = z
  .object({
    txid: hashText('the transaction'),
    height: count('of its block; null while it waits for one').nullable(),
    time: seconds('of its block, or when the node got it'),
    ...amountShape('delta', 'what it brought the address, or took if negative'),
    confirmations: count('0 while it waits for a block'),
    is_coinbase: z
      .boolean()
      .nullable()
      .describe('whether it is a block reward; null where that was not looked up'),
  })
  .meta({ id: 'HistoryRow' });
export type HistoryRow = z.infer<typeof HistoryRow>;

/** `GET /address/{address}`. */
export const RelayAddress = AddressSummary.extend({
  script_hex: hexText('the script that pays to it'),
  transactions: count('confirmed ones').nullable(),
  history: z
    .array(HistoryRow)
    .describe('newest first, unconfirmed ones on top of the first page; a page may be short of its limit'),
  next: nextMark('before'),
}).meta({ id: 'Address' });
export type RelayAddress = z.infer<typeof RelayAddress>;

export const CoinRow = z
  .object({
    address: z.string().describe('whose'),
    txid: hashText('the transaction that made it'),
    vout: count('its place there'),
    ...amountShape('value', 'what it holds'),
    height: count('of its block; null while it waits for one').nullable(),
    confirmations: count('0 while it waits for a block'),
    is_coinbase: z.boolean(),
    state: z.enum(['spendable', 'immature', 'pending']).describe('pending: in no block yet'),
    matures_in: count('blocks until it can be spent; 0 unless immature'),
  })
  .meta({ id: 'Coin' });
export type CoinRow = z.infer<typeof CoinRow>;

/**
 * `GET /address/{address}/utxos` and `POST /addresses/utxos {"addresses": […], "after"?}`: coins that no transaction
 * spends, not even one that waits for a block.
 */
export const RelayCoins = z
  .object({
    tip: RelayTip,
    coins: z.array(CoinRow).describe('oldest first, pending ones behind the last confirmed one'),
    next: nextMark('after'),
  })
  .meta({ id: 'Coins' });
export type RelayCoins = z.infer<typeof RelayCoins>;

/** `POST /addresses {"addresses": […]}`: in their order. */
export const RelayAddresses = z
  .object({ tip: RelayTip, addresses: z.array(AddressSummary) })
  .meta({ id: 'Addresses' });
export type RelayAddresses = z.infer<typeof RelayAddresses>;

/** `POST /addresses/used {"addresses": […]}`: what a wallet that looks for its addresses asks. */
export const RelayUsed = z
  .object({
    tip: RelayTip,
    used: z
      .array(z.boolean())
      .describe('in the order of the addresses: whether it was ever paid, also by what waits for a block'),
  })
  .meta({ id: 'Used' });
export type RelayUsed = z.infer<typeof RelayUsed>;

/** `POST /addresses/txids {"addresses": […], "from_height"?, "after"?}`: transactions of any of them, each once. */
export const RelayTxids = z
  .object({
    tip: RelayTip,
    confirmed: z.array(hashText('its id')).describe('oldest first'),
    pending: z.array(hashText('its id')).describe('as they came; only on the last page'),
    next: nextMark('after'),
  })
  .meta({ id: 'Txids' });
export type RelayTxids = z.infer<typeof RelayTxids>;
