/**
 * Flavoured types: a plain number, bigint or byte array may be given where a flavour is asked for, but one
 * flavour never passes for another, so a height cannot slip into the place of a difficulty.
 */

/** 32 bytes of a double SHA-256 in internal byte order (reversed only when shown). */
export type Hash = Uint8Array & { readonly __unit?: 'hash' };

/** An amount in the smallest unit; 100,000,000 nits are one NILZ. */
export type Nits = bigint & { readonly __unit?: 'nits' };

/** Distance of a block from the genesis block, which has height 0. */
export type Height = number & { readonly __unit?: 'height' };

/** How many times harder than target 0xffff·2²⁰⁸; fractional values are allowed. */
export type Difficulty = number & { readonly __unit?: 'difficulty' };

/** A proof-of-work target in its compact form, the `bits` of a header (u32). */
export type Bits = number & { readonly __unit?: 'bits' };

/** Expected number of hashes behind a block or a chain. */
export type Work = bigint & { readonly __unit?: 'work' };

/** A 256-bit number that a block hash must not exceed. */
export type Target = bigint & { readonly __unit?: 'target' };
