import { type Block, decodeBlock } from '../../protocol/block.ts';
import { displayHash } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import { KeptFacts } from '../../service/kept-facts.ts';
import type { Chain } from '../chain/chain.ts';

/** Bytes of the blocks that are kept: one full block (BIP 141), or many small ones. Decoded they take some times that. */
const KEPT_BYTES = 4_000_000;

interface Decoded {
  readonly block: Block;
  readonly bytes: number;
}

/**
 * Blocks that were read lately, decoded. A transaction is found by its block, and who asks for those of a wallet asks
 * in the order of the chain: reading the same block for each of them would be most of the work.
 */
export class DecodedBlocks {
  readonly #chain: Pick<Chain, 'readBlock'>;
  readonly #kept = new KeptFacts<Decoded>(KEPT_BYTES, ({ bytes }) => bytes);

  constructor(chain: Pick<Chain, 'readBlock'>) {
    this.#chain = chain;
  }

  /** A block of any branch; undefined while its transactions are not known. */
  async read(hash: Hash): Promise<Block | undefined> {
    try {
      return (await this.#kept.get(displayHash(hash), () => this.#decoded(hash))).block;
    } catch (error) {
      if (error instanceof UnknownBlock) return undefined;
      throw error;
    }
  }

  async #decoded(hash: Hash): Promise<Decoded> {
    const raw = await this.#chain.readBlock(hash);
    // Thrown, since a failure is not kept: the block may come later.
    if (raw === undefined) throw new UnknownBlock();
    return { block: decodeBlock(raw), bytes: raw.length };
  }
}

class UnknownBlock extends Error {}
