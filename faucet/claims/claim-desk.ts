/** Where claims are made and looked up: the seam between the faucet's core and its face. */
import type { NetworkProfile } from '../../protocol/network.ts';
import type { Nits } from '../../protocol/units.ts';

/** What a client did to be served. */
export const PROOFS = ['challenge', 'captcha', 'none'] as const;
export type Proof = (typeof PROOFS)[number];

export interface ClaimRequest {
  /** As the client wrote it. */
  readonly address: string;
  /** Who asks: `clientOf` its IP address. */
  readonly client: string;
  readonly proof: Proof;
  /** A challenge that this claim uses up, in the same step that writes the claim down. */
  readonly spend?: SpentChallenge | undefined;
}

/** A challenge that can be used once. */
export interface SpentChallenge {
  readonly challengeId: string;
  /** By the faucet's clock: from then on the challenge is worth nothing, and its id is forgotten. */
  readonly expiresMs: number;
}

/**
 * - `queued`: promised and written down
 * - `sent`: in a signed transaction that is handed in until a block has it
 * - `confirmed`: in a block of the best chain
 * - `refused`: not paid and never will be, because the operator has ruled its address out since
 */
export const CLAIM_STATES = ['queued', 'sent', 'confirmed', 'refused'] as const;
export type ClaimState = (typeof CLAIM_STATES)[number];

export interface ClaimRecord {
  /** 32 hex digits from a secure source: whoever knows it may look the claim up. */
  readonly id: string;
  readonly address: string;
  readonly amount: Nits;
  readonly state: ClaimState;
  /** Of the transaction that pays it, as shown. */
  readonly txid?: string | undefined;
  /** Blocks from its own to the tip, both counted; 0 while it waits for one. */
  readonly confirmations?: number | undefined;
  /** Why it is refused, or why it waits longer than usual. */
  readonly reason?: string | undefined;
  readonly createdMs: number;
  /** When this address may claim again. */
  readonly retryAtMs?: number | undefined;
}

export interface FaucetState {
  readonly network: NetworkProfile;
  /** What one claim is given. */
  readonly amount: Nits;
  /** What the wallet could spend now; undefined before the first look at the chain. */
  readonly balance: Nits | undefined;
  /** Never paid out. */
  readonly floor: Nits;
  readonly dailyCap: Nits;
  readonly leftToday: Nits;
  /** When the next day begins. */
  readonly budgetResetsMs: number;
  /** Claims that wait to be paid. */
  readonly queued: number;
  /** Claims in transactions that no block has yet. */
  readonly sent: number;
  /** Whether the next claim would be refused for want of coins or budget. */
  readonly empty: boolean;
  readonly paused: boolean;
  readonly addressCooldownMs: number;
  readonly clientCooldownMs: number;
  /** Height of the chain; undefined while it is out of sight. */
  readonly height: number | undefined;
  /** Why nothing is paid at present, for people. */
  readonly trouble: string | undefined;
}

export interface ClaimDesk {
  /**
   * Takes a claim. It is on the disk when the promise resolves, and is paid once, whatever happens.
   * @throws ClaimRefusedError
   */
  claim(request: ClaimRequest): Promise<ClaimRecord>;
  /**
   * The same refusals as {@link claim}, before anybody has worked for it.
   * @throws ClaimRefusedError
   */
  precheck(address: string, client: string): Promise<void>;
  find(id: string): Promise<ClaimRecord | undefined>;
  state(): Promise<FaucetState>;
  /** Takes no more claims and pays none until {@link resume}, also after a restart. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Calls back whenever a claim or the state changed; returns what ends that. */
  onChange(listener: (change: FaucetChange) => void): () => void;
}

/** What changed: the claims of these ids, and with an empty list only the state. */
export interface FaucetChange {
  readonly claimIds: readonly string[];
}
