import { displayHash } from '../../protocol/bytes.ts';
import type { Place } from '../storage/place.ts';
import type { BlockEntry } from './block-index.ts';
import type { Chain } from './chain.ts';

/**
 * Where a page of a list ended and the next one begins. It names the block it lies in: new blocks leave it
 * as good as it was; a reorganisation that replaces that block, and with it what the pages before have shown,
 * makes it void.
 */
export interface AddressMark {
  /** Oldest first: the first place of the next page. Newest first: the one that page ends before. */
  readonly place: Place;
  /** The last digits of the hash, as shown, of the block at the height of `place`. */
  readonly block: string;
}

/** A mark cannot be gone on from: its block is not on the best chain any more. */
export class VoidMarkError extends Error {
  override name = 'VoidMarkError';

  constructor({ place, block }: AddressMark) {
    super(
      `the mark is void: block …${block} at height ${place.height} was replaced by a reorganisation; begin again without a mark`,
    );
  }
}

const HASH_DIGITS = 16;
const MARK = /^(\d{1,10})\.(\d{1,10})\.(\d{1,10})\.([0-9a-f]{16})$/;
const MAX_NUMBER = 0xffff_ffff;

export function showMark({ place: { height, position, index }, block }: AddressMark): string {
  return `${height}.${position}.${index}.${block}`;
}

/** The mark that `text` shows; undefined when it shows none. */
export function readMark(text: string): AddressMark | undefined {
  const [, height, position, index, block] = MARK.exec(text) ?? [];
  if (block === undefined) return undefined;
  const place = { height: Number(height), position: Number(position), index: Number(index) };
  return Math.max(...Object.values(place)) > MAX_NUMBER ? undefined : { place, block };
}

/** A mark at a place of the branch that ends in `tip`. */
export function markAt(chain: Pick<Chain, 'ancestor'>, tip: BlockEntry, place: Place): AddressMark {
  const entry = chain.ancestor(tip, place.height);
  if (entry === undefined) throw new RangeError(`there is no block at the height ${place.height} of a mark`);
  return { place, block: endOf(entry) };
}

/** @throws VoidMarkError unless the block of the mark is on the branch that ends in `tip` */
export function checkMark(chain: Pick<Chain, 'ancestor'>, tip: BlockEntry, mark: AddressMark): void {
  const entry = chain.ancestor(tip, mark.place.height);
  if (entry === undefined || endOf(entry) !== mark.block) throw new VoidMarkError(mark);
}

function endOf({ hash }: BlockEntry): string {
  return displayHash(hash).slice(-HASH_DIGITS);
}
