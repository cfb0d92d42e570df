import type { AddressFormat } from './address.ts';
import type { Block } from './block.ts';
import type { Bits, Hash, Height, Nits, Work } from './units.ts';

/** Whose the outputs of the genesis block are on networks that are for trying out. Their keys are public. */
export interface FundedAccount {
  readonly name: 'alice' | 'bob' | 'carol' | 'pool' | 'faucet';
  /** Of the genesis output, and the last step of the key path m/84'/1'/0'/0/index. */
  readonly index: number;
  readonly script: Uint8Array;
  readonly value: Nits;
}

/** Everything one network differs in from another. Frozen data. */
export interface NetworkProfile {
  readonly name: string;
  /** What `getblockchaininfo` calls it: of Bitcoin's names where tools know one. */
  readonly chainName: string;
  readonly address: AddressFormat;
  /** First bytes of every peer message; with the genesis hash, the network's identity. */
  readonly magic: Uint8Array;
  /** T of the retarget, and what one expects a block to take. */
  readonly blockTimeSeconds: number;
  /** N of the retarget, in blocks. */
  readonly window: number;
  /** False: every block has the limit as its bits. */
  readonly retarget: boolean;
  readonly powLimitBits: Bits;
  /** A block of dev and test that comes 20·T late may use the limit. */
  readonly minimumDifficultyRule: boolean;
  /** How far a block's time may be ahead of the own clock. */
  readonly futureLimitSeconds: number;
  /** Headers from peers are stored only once their work reaches this. Raised with releases; changes no rule. */
  readonly minimumChainWork: Work;
  /** Blocks after which a coinbase output may be spent. */
  readonly maturity: number;
  readonly reward: Nits;
  /** Blocks after which the reward halves; 0 = never. */
  readonly halvingInterval: number;
  /** Heights 1…16 are pushed by OP_N only (BIP 34 as Bitcoin has it); elsewhere `01 NN` counts too. */
  readonly strictHeightPush: boolean;
  /**
   * From this height on the blocks made here hold payments and commit to witnesses (BIP 141). Below it they signal
   * for segregated witness (BIP 9). It changes no rule: blocks of others are valid either way.
   */
  readonly segwitHeight: Height;
  /** SLIP 44, for the wallet's key path. */
  readonly coinType: number;
  /** `setmocktime` and mining by RPC are offered. */
  readonly mockTime: boolean;
  readonly genesis: Block;
  readonly genesisHash: Hash;
  readonly fundedAccounts: readonly FundedAccount[];
}
