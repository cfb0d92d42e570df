import * as z from 'zod';
import { type Block, decodeBlockSteps } from '../../protocol/block.ts';
import { bytesToHex, displayHash, hexToBytes } from '../../protocol/bytes.ts';
import { MAX_BLOCK_SIGOPS_COST, withReservedValue } from '../../protocol/check-block.ts';
import { MAX_BLOCK_WEIGHT } from '../../protocol/check-transaction.ts';
import { CodecError } from '../../protocol/codec.ts';
import { compactToTarget, showBits } from '../../protocol/compact.ts';
import { blockHash, decodeHeader, type Header } from '../../protocol/header.ts';
import { commitmentScript } from '../../protocol/merkle.ts';
import { RPC_ERRORS } from '../../protocol/rpc.ts';
import { RuleError } from '../../protocol/rules.ts';
import { hex, list, none, num, obj, record, str, time } from '../../service/rpc-result.ts';
import { RpcError, type RpcMethods, rpcMethod } from '../../service/rpc-server.ts';
import { inSlices } from '../../service/time-slice.ts';
import type { AcceptResult } from '../chain/acceptance.ts';
import type { Chain } from '../chain/chain.ts';
import { longPollId } from '../long-poll.ts';
import { type BlockTemplate, type Moment, SEGWIT_BIT } from '../template.ts';
import { BITS_FIELDS, bitsJson, numberHex } from './block-json.ts';
import { MIN_FEE_RATE_JSON } from './mempool.ts';
import type { NodeParts } from './parts.ts';
import { WARNINGS_RESULT, warningsOf } from './warnings.ts';

const group = 'Mining';

/** Blocks `getnetworkhashps` looks back unless told otherwise, as Bitcoin Core. */
const HASH_RATE_BLOCKS = 120;

/** Fields nobody needs pass unread: miners send many. */
const templateRequest = z.looseObject({
  mode: z.string().optional().describe('"template", which is the default, or "proposal" (BIP 23)'),
  data: z.string().optional().describe('the proposed block in hex'),
  longpollid: z.string().optional().describe('of an earlier answer: waits for something better (BIP 22)'),
  rules: z
    .array(z.string())
    .optional()
    .describe('rules the miner knows (BIP 9); those of the chain are always on'),
  capabilities: z.array(z.string()).optional().describe('what the miner can do (BIP 22)'),
});

const TEMPLATE_RESULT = obj('', {
  capabilities: list('what the node can do', str('as "proposal"')),
  version: num('version for the header'),
  rules: list('rules that are on (BIP 9)', str('name of a rule')),
  vbavailable: record('rules that are voted on (BIP 9)', 'name of a rule', num('its bit')),
  vbrequired: num('bits of the version that must be set: none'),
  previousblockhash: hex('hash of the tip'),
  transactions: list(
    'what to put behind the coinbase, in this order',
    obj('', {
      data: hex('its bytes'),
      txid: hex('its id'),
      hash: hex('its hash with witnesses'),
      depends: list('transactions that must stand before it', num('place in this list, counted from 1')),
      fee: num('in nits'),
      sigops: num('signature-operation cost'),
      weight: num('weight (BIP 141)'),
    }),
  ),
  coinbaseaux: record('what to put into the coinbase: nothing', 'any name', hex('bytes')),
  coinbasevalue: num('reward and fees, in nits'),
  longpollid: str('names this work, to wait for better'),
  target: hex('no hash may be above it'),
  mintime: time('the earliest time for the header'),
  mutable: list('what may be changed', str('as "time"')),
  noncerange: hex('the first and the last nonce'),
  sigoplimit: num('signature-operation cost of a block at most'),
  sizelimit: num('bytes of a block at most'),
  weightlimit: num('weight of a block at most'),
  curtime: time('the time now, not before mintime'),
  bits: hex('the target in its compact form'),
  height: num('height of the block to be found'),
  default_witness_commitment: hex(
    'script of the output that commits to the witnesses, for all transactions',
  ).optional(),
});
type TemplateJson = z.input<typeof TEMPLATE_RESULT>;

/** The methods for those who look for blocks. */
export function miningMethods(parts: NodeParts): RpcMethods {
  const { chain, mempool, templates, longPoll, profile } = parts;

  return {
    getblocktemplate: rpcMethod({
      group,
      help:
        'What the next block may be made of (BIP 22, 23, 145). With "longpollid" of an earlier answer it ' +
        'waits for something better; with "mode":"proposal" and a block as "data" it says whether the block, ' +
        'but for its proof of work, would be valid: null, or why not.',
      bigBody: true,
      params: [
        {
          name: 'template_request',
          schema: templateRequest,
          optional: true,
          help: 'an object with "mode", "rules", "capabilities", "longpollid", "data"; all may be left out',
        },
      ],
      result: [
        { when: 'for a proposal that is good', schema: none() },
        { when: 'for a proposal that is not', schema: str('why not (BIP 22)') },
        { when: 'otherwise', schema: TEMPLATE_RESULT },
      ],
      run: async ({ template_request: request = {} }, context) => {
        const { mode = 'template', data, longpollid } = request;
        if (mode === 'proposal') return judgeProposal(chain, data);
        if (mode !== 'template') throw new RpcError(RPC_ERRORS.invalidParameter, 'Invalid mode');
        refuseWhileSyncing(parts);
        if (longpollid !== undefined) {
          await longPoll.wait(longpollid, context.signal);
          if (context.signal.aborted) throw new RpcError(RPC_ERRORS.notConnected, 'Shutting down');
          await chain.crossing;
        }
        return templateJson(templates.current(), templates.moment());
      },
    }),

    getmininginfo: rpcMethod({
      group,
      help: 'What concerns miners: difficulty, hash rate, number of waiting transactions.',
      params: [],
      result: obj('', {
        blocks: num('height of the tip'),
        ...BITS_FIELDS,
        networkhashps: num('hashes per second of the network, from the last 120 blocks'),
        pooledtx: num('transactions in the mempool'),
        blockmintxfee: num('the lowest fee rate that is mined, in NILZ per 1,000 vbytes'),
        chain: str('name of the network'),
        next: obj('the next block', { height: num('its height'), ...BITS_FIELDS }),
        warnings: WARNINGS_RESULT,
      }),
      run: () => {
        const { height, bits } = chain.tip;
        return {
          blocks: height,
          ...bitsJson(bits),
          networkhashps: hashRate(chain, HASH_RATE_BLOCKS, height),
          pooledtx: mempool.size,
          blockmintxfee: MIN_FEE_RATE_JSON,
          chain: profile.chainName,
          next: { height: height + 1, ...bitsJson(templates.moment().bits) },
          warnings: warningsOf(parts),
        };
      },
    }),

    getnetworkhashps: rpcMethod({
      group,
      help: 'Estimated hashes per second of the whole network, from the work and times of recent blocks.',
      params: [
        {
          name: 'nblocks',
          schema: z.int(),
          default: HASH_RATE_BLOCKS,
          help: 'how many blocks to look back, -1 for the window of the retarget',
        },
        {
          name: 'height',
          schema: z.int(),
          default: -1,
          help: 'up to this height, -1 for the tip',
        },
      ],
      result: num('hashes per second'),
      run: ({ nblocks, height }) => {
        if (nblocks < -1 || nblocks === 0) {
          const message = 'Invalid nblocks. Must be a positive number or -1.';
          throw new RpcError(RPC_ERRORS.invalidParameter, message);
        }
        if (height < -1 || height > chain.tip.height) {
          throw new RpcError(RPC_ERRORS.invalidParameter, 'Block does not exist at specified height');
        }
        const last = height === -1 ? chain.tip.height : height;
        return hashRate(chain, nblocks === -1 ? profile.window : nblocks, last);
      },
    }),

    submitblock: rpcMethod({
      group,
      help: 'Hands in a block. Answers null when it is the new tip, else why not in one word.',
      bigBody: true,
      params: [
        { name: 'hexdata', schema: z.string(), help: 'the block in hex' },
        { name: 'dummy', schema: z.unknown(), optional: true, help: 'taken for compatibility (BIP 22)' },
      ],
      result: [
        { when: 'for the new tip', schema: none() },
        { when: 'otherwise', schema: str('why not (BIP 22)') },
      ],
      run: async ({ hexdata }) => {
        const block = await blockOf(hexdata);
        return submissionReason(await chain.accept(withReservedValue(block)));
      },
    }),

    submitheader: rpcMethod({
      group,
      help: 'Hands in the header of a block, whose transactions may follow. Answers null, also when it is known.',
      params: [{ name: 'hexdata', schema: z.string(), help: 'the 80 bytes in hex' }],
      result: none(),
      run: async ({ hexdata }) => {
        const header = headerOf(hexdata);
        const { outcome, error } = await chain.acceptHeader(header);
        if (outcome === 'stored' || outcome === 'duplicate') return null;
        const message = {
          orphan: `Must submit previous header (${displayHash(header.previous)}) first`,
          'duplicate-invalid': 'duplicate-invalid',
          invalid: error?.code ?? 'invalid',
        };
        throw new RpcError(RPC_ERRORS.verifyError, message[outcome]);
      },
    }),
  };
}

/**
 * Work on a chain that is not the best one known would be lost. On networks for trying out one may mine
 * whatever others have. Source: Bitcoin Core, getblocktemplate.
 * @throws RpcError −10
 */
function refuseWhileSyncing({ profile, sync }: NodeParts): void {
  const isForTrying = profile.mockTime || profile.fundedAccounts.length > 0;
  if (isForTrying || sync.status.phase === 'synced') return;
  const message = 'The node is in initial sync and waiting for blocks...';
  throw new RpcError(RPC_ERRORS.inInitialDownload, message);
}

/**
 * Others have their turn while a large block is decoded.
 * @throws RpcError −22 unless `hex` spells exactly one block
 */
async function blockOf(hex: string): Promise<Block> {
  try {
    return await inSlices(decodeBlockSteps(bytesOf(hex)));
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new RpcError(RPC_ERRORS.deserializationError, 'Block decode failed', error.message);
  }
}

/** As `hexToBytes`, in a tenth of the time for a large block. @throws CodecError */
function bytesOf(hex: string): Uint8Array {
  const bytes = Buffer.from(hex, 'hex');
  // It stops at what is no digit; what that is, the slower way tells.
  return bytes.length * 2 === hex.length ? bytes : hexToBytes(hex);
}

/** @throws RpcError −22 unless `hex` spells a header */
function headerOf(hex: string): Header {
  try {
    return decodeHeader(hexToBytes(hex));
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new RpcError(RPC_ERRORS.deserializationError, 'Block header decode failed', error.message);
  }
}

/** BIP 22 as Bitcoin Core answers: null for a new tip, else one word. */
function submissionReason(result: AcceptResult): string | null {
  switch (result.outcome) {
    case 'connected':
      return null;
    case 'side-branch':
      return 'inconclusive';
    case 'duplicate':
    case 'duplicate-invalid':
      return result.outcome;
    case 'orphan':
      return 'prev-blk-not-found';
    case 'held':
    case 'invalid':
      return result.error.code;
  }
}

/** BIP 23 block proposal: null if the block would be valid on the tip, else the reason. */
async function judgeProposal(chain: Chain, data: string | undefined): Promise<string | null> {
  if (data === undefined) throw new RpcError(RPC_ERRORS.typeError, 'Missing data String key for proposal');
  const block = await blockOf(data);
  const known = chain.entry(blockHash(block.header));
  if (known?.status === 'valid') return 'duplicate';
  if (known?.status === 'invalid') return 'duplicate-invalid';
  if (known) return 'duplicate-inconclusive';
  if (displayHash(block.header.previous) !== displayHash(chain.tip.hash))
    return 'inconclusive-not-best-prevblk';
  try {
    await chain.proposal(block);
    return null;
  } catch (error) {
    if (error instanceof RuleError) return error.code;
    throw error;
  }
}

/** Answer of `getblocktemplate` (BIP 22, 23, 145), the fields in Bitcoin Core's order. */
function templateJson(template: BlockTemplate, moment: Moment): TemplateJson {
  const { commitment } = template;
  return {
    capabilities: ['proposal'],
    version: template.version,
    rules: commitment ? ['segwit'] : [],
    vbavailable: commitment ? {} : { segwit: SEGWIT_BIT },
    vbrequired: 0,
    previousblockhash: displayHash(template.previous),
    transactions: transactionsJson(template),
    coinbaseaux: {},
    coinbasevalue: Number(template.coinbaseValue),
    longpollid: longPollId(template, moment),
    target: numberHex(compactToTarget(moment.bits)),
    mintime: template.minTimeSeconds,
    mutable: ['time', 'transactions', 'prevblock'],
    noncerange: '00000000ffffffff',
    sigoplimit: MAX_BLOCK_SIGOPS_COST,
    sizelimit: MAX_BLOCK_WEIGHT,
    weightlimit: MAX_BLOCK_WEIGHT,
    curtime: moment.timeSeconds,
    bits: showBits(moment.bits),
    height: template.height,
    ...(commitment && { default_witness_commitment: bytesToHex(commitmentScript(commitment)) }),
  };
}

/** The same template is handed out many times. */
const transactionsOf = new WeakMap<BlockTemplate, TemplateJson['transactions']>();

function transactionsJson(template: BlockTemplate): TemplateJson['transactions'] {
  const known = transactionsOf.get(template);
  if (known) return known;
  const positions = new Map(template.entries.map(({ key }, index) => [key, index + 1]));
  const transactions = template.entries.map((entry) => ({
    data: bytesToHex(entry.raw),
    txid: displayHash(entry.txid),
    hash: displayHash(entry.wtxid),
    depends: [...entry.parents]
      .map(({ key }) => positions.get(key))
      .filter((position) => position !== undefined),
    fee: Number(entry.fee),
    sigops: entry.sigopsCost,
    weight: entry.weight,
  }));
  transactionsOf.set(template, transactions);
  return transactions;
}

/** Work over time of the `count` blocks up to `height` (Bitcoin Core's `GetNetworkHashPS`). */
function hashRate(chain: Chain, count: number, height: number): number {
  const last = chain.entryAt(height);
  const first = chain.entryAt(Math.max(0, height - count));
  if (!last || !first || last === first) return 0;
  let earliest = last.time;
  let latest = last.time;
  for (let at = height - 1; at >= first.height; at--) {
    const time = chain.entryAt(at)?.time ?? latest;
    earliest = Math.min(earliest, time);
    latest = Math.max(latest, time);
  }
  return latest === earliest ? 0 : Number(last.chainWork - first.chainWork) / (latest - earliest);
}
