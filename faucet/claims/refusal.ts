/** Every reason for which nothing is given: one table of codes, one error class. */

/** The codes with the sentence that documents each. */
export const REFUSALS = {
  'bad-address': 'the address is none that can be paid on this network',
  'own-address': "the address is the faucet's own",
  'address-denied': 'the operator does not want this address to be paid',
  'client-denied': 'the operator does not want this client to be served',
  'address-cooldown': 'the address was given something a short while ago',
  'client-cooldown': 'the client was given something a short while ago',
  'budget-spent': 'what is given away in one day is gone',
  'queue-full': 'too many claims wait to be paid',
  empty: 'the faucet does not have enough coins',
  paused: 'the operator has paused the faucet',
  'not-ready': 'the faucet has not seen the chain yet, or does not see it any more',
  'challenge-spent': 'the challenge was used for another claim',
  'challenge-expired': 'the challenge is too old',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** What a refusal may say beside why. */
export type RefusalFacts = Partial<Pick<ClaimRefusedError, 'retryAtMs' | 'claimId'>>;

/** A claim that is not taken: nothing was written down, and it may be made again. */
export class ClaimRefusedError extends Error {
  override readonly name = 'ClaimRefusedError';
  readonly code: RefusalCode;
  /** When the same claim may succeed, in Unix milliseconds by the machine's clock; undefined when nobody knows. */
  readonly retryAtMs: number | undefined;
  /** The claim that the same client has made for the same address: whoever lost the answer finds it again. */
  readonly claimId: string | undefined;

  constructor(code: RefusalCode, message: string, { retryAtMs, claimId }: RefusalFacts = {}) {
    super(message);
    this.code = code;
    this.retryAtMs = retryAtMs;
    this.claimId = claimId;
  }
}
