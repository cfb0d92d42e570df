/** What the value of a field says, in words: every kind of field that says more than its number. Pure. */
import { encodeAddress } from '../../../../protocol/address.ts';
import { bytesToHex, displayHash } from '../../../../protocol/bytes.ts';
import { compactToTarget, showBits } from '../../../../protocol/compact.ts';
import { blockHash, type Header } from '../../../../protocol/header.ts';
import type { Span } from '../../../../protocol/layout.ts';
import {
  isCoinbase,
  isNullOutPoint,
  type OutPoint,
  type Transaction,
  type TxOutput,
  txid,
  vsize,
} from '../../../../protocol/transaction.ts';
import { difficultyOf } from '../../../../protocol/work.ts';
import { amount, count, exactTime, plural, significant } from '../../../../service/web/format.ts';
import { coinbaseReadings, outputScriptReadings, witnessReadings } from './script-readings.ts';

/** One thing that a value says. */
export interface Reading {
  readonly name: string;
  readonly text: string;
  /** Digits that are read one by one. */
  readonly isCode?: boolean;
  /** What it leads to. */
  readonly leadsTo?: { readonly what: 'transaction' | 'block' | 'address'; readonly id: string };
}

/** What addresses of the network begin with; undefined where the network is not known. */
export type Prefix = string | undefined;

type Reader = (span: Span, prefix: Prefix) => readonly Reading[];

const ZEROS = '0'.repeat(64);
/** Locktimes from here on are times (Bitcoin Core: LOCKTIME_THRESHOLD). */
const FIRST_LOCK_TIME = 500_000_000;
const FINAL = 0xffff_ffff;
/** BIP 68. */
const SEQUENCE_DISABLED = 0x8000_0000;
const SEQUENCE_IN_TIME = 0x0040_0000;
const SEQUENCE_UNIT_S = 512;
/** BIP 125: no sequence is higher. */
const MAX_REPLACEABLE = 0xffff_fffd;

/** What a span says, the most important first; empty for bytes that say nothing beside themselves. */
export function readingsOf(span: Span, prefix: Prefix): readonly Reading[] {
  const reader = Object.hasOwn(READERS, span.kind) ? READERS[span.kind] : undefined;
  if (reader !== undefined) return reader(span, prefix);
  if (span.kind.endsWith('.bytes') && span.parent !== undefined) return readingsOf(span.parent, prefix);
  const { value } = span;
  if (typeof value === 'number' || typeof value === 'bigint') return [plain(String(value))];
  if (typeof value === 'string' || typeof value === 'boolean') return [plain(String(value))];
  if (Array.isArray(value)) return [plain(plural(value.length, 'item'))];
  return [];
}

/** A span in a few words, for a list. */
export function inBrief(span: Span, prefix: Prefix): string {
  const [first] = readingsOf(span, prefix);
  if (first !== undefined) return first.text;
  return span.value instanceof Uint8Array ? bytesToHex(span.value) : '';
}

const plain = (text: string): Reading => ({ name: 'Value', text });
const code = (name: string, text: string): Reading => ({ name, text, isCode: true });
const hex32 = (value: unknown): string => Number(value).toString(16).padStart(8, '0');

const READERS: Readonly<Record<string, Reader>> = {
  header: ({ value }) => [blockReading('Hash', displayHash(blockHash(value as Header)))],
  'block.header': ({ value }) => [blockReading('Hash', displayHash(blockHash(value as Header)))],
  'bare block.header': ({ value }) => [blockReading('Hash', displayHash(blockHash(value as Header)))],
  'header.version': ({ value }) => [
    plain(String(value)),
    code('Bits', hex32(Number(value) >>> 0)),
    signals(Number(value)),
  ],
  'header.previous': ({ value }) => [previousBlock(value as Uint8Array)],
  'header.merkleRoot': ({ value }) => [code('Read from the back', displayHash(value as Uint8Array))],
  'header.time': ({ value }) => [moment(Number(value)), { name: 'Seconds', text: String(value) }],
  'header.bits': ({ value }) => bitsReadings(Number(value)),
  'header.nonce': ({ value }) => [plain(count(Number(value))), code('Hex', hex32(value))],

  transaction: transactionReadings,
  'block.transactions[]': transactionReadings,
  'tx message.transaction': transactionReadings,
  'transaction.inputs': ({ value }) => [plain(plural((value as unknown[]).length, 'input'))],
  'transaction.outputs': ({ value }) => [plain(plural((value as unknown[]).length, 'output'))],
  'block.transactions': ({ value }) => [plain(plural((value as unknown[]).length, 'transaction'))],
  'transaction.inputs[]': ({ value }) => [outPointReading((value as { previous: OutPoint }).previous)],
  'transaction.outputs[]': ({ value }, prefix) => {
    const { value: nits, script } = value as TxOutput;
    return [amountReading(nits), ...addressReading(script, prefix)];
  },
  'transaction.witnesses[]': ({ value }) => [plain(plural((value as unknown[]).length, 'item'))],
  'transaction.witnesses[][]': ({ value }, prefix) => witnessReadings(value as Uint8Array, prefix),
  'transaction.lockTime': ({ value }) => [lockTimeReading(Number(value))],
  'input.previous': ({ value }) => [outPointReading(value as OutPoint)],
  'input.scriptSig': (span) => {
    const input = span.parent?.value as { previous: OutPoint } | undefined;
    return coinbaseReadings(span.value as Uint8Array, input !== undefined && isNullOutPoint(input.previous));
  },
  'input.sequence': sequenceReadings,
  'outpoint.txid': ({ value }) => [txidReading('Read from the back', value as Uint8Array)],
  'outpoint.index': ({ value }) => [
    plain(value === FINAL ? 'none: this input is a coinbase' : `output ${value}`),
  ],
  'output.value': ({ value }) => [
    amountReading(value as bigint),
    { name: 'Nits', text: count(Number(value)) },
  ],
  'output.script': ({ value }, prefix) => [
    ...addressReading(value as Uint8Array, prefix),
    ...outputScriptReadings(value as Uint8Array),
  ],
  'preimage.value': ({ value }) => [amountReading(value as bigint)],
  'inventory.hash': ({ value }) => [code('Read from the back', displayHash(value as Uint8Array))],
  'locator message.locator[]': ({ value }) => [previousBlock(value as Uint8Array)],
  'locator message.stop': ({ value }) => [code('Read from the back', displayHash(value as Uint8Array))],
  'network address.ip': ({ value }) => [addressOfNode(value as Uint8Array)],
  'timed address.ip': ({ value }) => [addressOfNode(value as Uint8Array)],
  'version message.timeSeconds': ({ value }) => [moment(Number(value))],
  'timed address.lastSeenSeconds': ({ value }) => [moment(Number(value))],
};

function blockReading(name: string, hash: string): Reading {
  return { name, text: hash, isCode: true, leadsTo: { what: 'block', id: hash } };
}

function previousBlock(hash: Uint8Array): Reading {
  const shown = displayHash(hash);
  return shown === ZEROS ? plain('none: this is the first block') : blockReading('Read from the back', shown);
}

function txidReading(name: string, hash: Uint8Array): Reading {
  const shown = displayHash(hash);
  if (shown === ZEROS) return plain('none: this input is a coinbase');
  return { name, text: shown, isCode: true, leadsTo: { what: 'transaction', id: shown } };
}

function outPointReading(outPoint: OutPoint): Reading {
  if (isNullOutPoint(outPoint)) return plain('none: a coinbase makes coins of nothing');
  const shown = displayHash(outPoint.txid);
  return { ...txidReading('Spends', outPoint.txid), text: `${shown}:${outPoint.index}` };
}

function transactionReadings({ value }: Span): Reading[] {
  const transaction = value as Transaction;
  return [
    txidReading('txid', txid(transaction)),
    { name: 'Size', text: `${count(vsize(transaction))} vB` },
    ...(isCoinbase(transaction) ? [{ name: 'Kind', text: 'coinbase' }] : []),
  ];
}

function amountReading(nits: bigint): Reading {
  return { name: 'Amount', text: `${amount(nits)} NILZ` };
}

function addressReading(script: Uint8Array, prefix: Prefix): Reading[] {
  const address = prefix === undefined ? undefined : encodeAddress(script, { hrp: prefix });
  if (address === undefined) return [];
  return [{ name: 'Address', text: address, isCode: true, leadsTo: { what: 'address', id: address } }];
}

function moment(seconds: number): Reading {
  return { name: 'Moment', text: exactTime(seconds, 'UTC') };
}

/** IPv4 as it is mapped into IPv6 (RFC 4291, section 2.5.5.2), else IPv6 without any shortening. */
function addressOfNode(ip: Uint8Array): Reading {
  const isIpv4 = ip.subarray(0, 10).every((byte) => byte === 0) && ip[10] === 0xff && ip[11] === 0xff;
  if (isIpv4) return plain(ip.subarray(12).join('.'));
  return plain(bytesToHex(ip).replace(/.{4}(?=.)/g, '$&:'));
}

/** BIP 9: with 001 on top, each of the lower 29 bits may be a signal. */
function signals(version: number): Reading {
  const name = 'Signals';
  if (version >>> 29 !== 1) return { name, text: 'none: the top three bits are not 001' };
  const bits = Array.from({ length: 29 }, (_, bit) => bit).filter((bit) => (version & (1 << bit)) !== 0);
  return { name, text: bits.length === 0 ? 'none' : `bits ${bits.join(', ')}` };
}

function bitsReadings(bits: number): Reading[] {
  const shown = code('Bits', showBits(bits));
  try {
    const target = compactToTarget(bits).toString(16).padStart(64, '0');
    return [shown, code('Target', target), { name: 'Difficulty', text: significant(difficultyOf(bits)) }];
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [shown, { name: 'Target', text: error.message }];
  }
}

function lockTimeReading(lockTime: number): Reading {
  if (lockTime === 0) return plain('0: valid at once');
  if (lockTime < FIRST_LOCK_TIME) return plain(`after block ${count(lockTime)}`);
  return plain(`after ${exactTime(lockTime, 'UTC')}`);
}

function sequenceReadings({ value }: Span): Reading[] {
  const sequence = Number(value);
  const shown = code('Hex', hex32(sequence));
  if (sequence === FINAL) return [shown, { name: 'Means', text: 'final' }];
  const replaceable = sequence <= MAX_REPLACEABLE ? ['signals that it may be replaced'] : [];
  const span = sequence & 0xffff;
  const lock = (sequence & SEQUENCE_IN_TIME) !== 0 ? `${span * SEQUENCE_UNIT_S} s` : plural(span, 'block');
  const age =
    (sequence & SEQUENCE_DISABLED) === 0 ? [`from version 2 on the coin has to be ${lock} old`] : [];
  return [shown, { name: 'Means', text: ['the lock time counts', ...replaceable, ...age].join('; ') }];
}
