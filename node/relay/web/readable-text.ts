/** What people wrote into bytes that hold anything: the names of miners in coinbases, notes in OP_RETURN. Pure. */
import { hexToBytes } from '../../../protocol/bytes.ts';

/** Shorter runs of letters are chance; among the counters of a coinbase, chance has more tries. */
const SHORTEST_RUN = 4;
const SHORTEST_COINBASE_RUN = 6;
/** Controls, marks that turn the direction of text, and what no font has. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}\ufffd]/u;

/**
 * The parts of the bytes that can be read as text, with a space between them; null where there is none. Nothing
 * invisible is in it: no controls, no marks that would turn the direction of the text around it.
 * @param shortest characters that a part must have
 * @throws CodecError when it is not hex
 */
export function readableText(hex: string, shortest = SHORTEST_RUN): string | null {
  const runs = new TextDecoder()
    .decode(hexToBytes(hex))
    .split(INVISIBLE)
    .map((run) => run.trim())
    .filter((run) => run.length >= shortest);
  return runs.length === 0 ? null : runs.join(' ');
}

/**
 * What a coinbase says besides its height (BIP 34): its first byte is the length of the height.
 * @throws CodecError when it is not hex
 */
export function coinbaseText(scriptHex: string): string | null {
  const length = Number.parseInt(scriptHex.slice(0, 2), 16);
  // Heights up to 16 may be one opcode without a length.
  const skipped = length <= 8 ? 1 + length : 1;
  return readableText(scriptHex.slice(2 * skipped), SHORTEST_COINBASE_RUN);
}
