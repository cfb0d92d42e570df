/** What is shown byte by byte, and how a pasted text is recognised as it. Pure. */
import { type Block, blockCodec } from '../../../../protocol/block.ts';
import { CodecError, hexToBytes } from '../../../../protocol/bytes.ts';
import { HEADER_SIZE, type Header, headerCodec } from '../../../../protocol/header.ts';
import { layOut, type Span } from '../../../../protocol/layout.ts';
import { FRAME_HEADER_SIZE } from '../../../../protocol/peer-frame.ts';
import { type FramedMessage, framedMessageCodec } from '../../../../protocol/peer-message.ts';
import { type Transaction, transactionCodec } from '../../../../protocol/transaction.ts';
import type { Nits } from '../../../../protocol/units.ts';

/** A coin that an input spends, as far as it is known: its bytes are in another transaction. */
export interface SpentCoin {
  readonly value: Nits;
  readonly script: Uint8Array;
}

interface Shown<Kind extends string, T> {
  readonly kind: Kind;
  readonly whole: Span<T>;
}

export type HeaderSubject = Shown<'header', Header>;
export type BlockSubject = Shown<'block', Block>;
export type MessageSubject = Shown<'message', FramedMessage>;

export interface TransactionSubject extends Shown<'transaction', Transaction> {
  /** One for every input, undefined where it is not known. */
  readonly spent: readonly (SpentCoin | undefined)[];
}

export type Subject = HeaderSubject | BlockSubject | TransactionSubject | MessageSubject;
export type SubjectKind = Subject['kind'];

/** @throws CodecError */
export function headerSubject(bytes: Uint8Array): HeaderSubject {
  return { kind: 'header', whole: layOut(headerCodec, bytes) };
}

/** @throws CodecError */
export function blockSubject(bytes: Uint8Array): BlockSubject {
  return { kind: 'block', whole: layOut(blockCodec, bytes) };
}

/** @throws CodecError */
export function transactionSubject(
  bytes: Uint8Array,
  spent: TransactionSubject['spent'] = [],
): TransactionSubject {
  return { kind: 'transaction', whole: layOut<Transaction>(transactionCodec, bytes), spent };
}

/** @throws CodecError */
export function messageSubject(bytes: Uint8Array): MessageSubject {
  return { kind: 'message', whole: layOut<FramedMessage>(framedMessageCodec, bytes) };
}

const READERS: Readonly<Record<SubjectKind, (bytes: Uint8Array) => Subject>> = {
  header: headerSubject,
  transaction: transactionSubject,
  block: blockSubject,
  message: messageSubject,
};

/** Nothing that is looked at is longer: a block, with the frame that it travels in. */
export const MAX_SUBJECT_BYTES = 4_000_000 + FRAME_HEADER_SIZE;

/** A pasted text holds nothing that can be shown; `message` says why. */
export class UnrecognisedError extends Error {
  override readonly name = 'UnrecognisedError';
}

/**
 * What a pasted text is: hex of a header, a transaction, a block or a message between nodes. Spaces, line breaks
 * and a leading `0x` are passed over.
 * @param kind what it is said to be; undefined: it is found out
 * @throws UnrecognisedError
 */
export function recognise(text: string, kind?: SubjectKind): Subject {
  const bytes = bytesOf(text);
  const kinds = kind === undefined ? likelyKinds(bytes) : [kind];
  let nearest = { offset: -1, message: '' };
  for (const candidate of kinds) {
    try {
      return READERS[candidate](bytes);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      const offset = Number(/at byte (\d+) of/.exec(error.message)?.[1] ?? 0);
      if (offset > nearest.offset) nearest = { offset, message: `as a ${candidate}: ${error.message}` };
    }
  }
  const what = kind === undefined ? 'no header, transaction, block or message' : `no ${kind}`;
  throw new UnrecognisedError(`These ${bytes.length} bytes are ${what}. Read ${nearest.message}.`);
}

function bytesOf(text: string): Uint8Array {
  const hex = text.replace(/\s+/g, '').replace(/^0x/i, '');
  if (hex === '') throw new UnrecognisedError('There is nothing here yet: paste the hex of something.');
  const foreign = /[^0-9a-f]/i.exec(hex);
  if (foreign !== null) {
    throw new UnrecognisedError(`This is not hex: it holds ${JSON.stringify(foreign[0])}.`);
  }
  if (hex.length % 2 !== 0) {
    throw new UnrecognisedError(`There is a digit too few or too many: ${hex.length} make no whole bytes.`);
  }
  if (hex.length > 2 * MAX_SUBJECT_BYTES) {
    throw new UnrecognisedError(`That is longer than any block: ${MAX_SUBJECT_BYTES} bytes are allowed.`);
  }
  return hexToBytes(hex);
}

/** The kinds that bytes may be, the most likely first. */
function likelyKinds(bytes: Uint8Array): readonly SubjectKind[] {
  if (bytes.length === HEADER_SIZE) return ['header', 'transaction', 'message'];
  return ['transaction', 'block', 'message'];
}
