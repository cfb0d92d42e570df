/** What the words of the pool mean, said where they stand. */

/** Why a share was refused, and what can be done about it. */
export const REJECT_REASONS: Readonly<Record<string, string>> = {
  stale: 'The chain had moved on. A few are normal; many point to a slow connection.',
  'job-not-found': 'The job is no longer known here: the miner kept it too long, or the pool was restarted.',
  duplicate: 'The same header was handed in before. The miner repeats its work: check its firmware.',
  'low-difficulty':
    'The hash is above the target of its job: wrong byte order, or an overclocked chip that errs.',
  'version-bits': 'Bits of the version were changed that were not agreed on (mining.configure).',
  'time-too-old': 'The header’s time is before that of its job.',
  'time-too-new': 'The header’s time is too far in the future: check the clock of the miner.',
  malformed: 'A field has the wrong form or length.',
  unauthorized: 'Handed in for a user that was not authorised on this connection.',
  'not-subscribed': 'Handed in before mining.subscribe.',
  'not-recorded':
    'The pool could not write it down, so it is not credited. The operator has to look at this.',
};

/** Reasons that say no more than that the work came too late. */
export const STALE_REASONS: readonly string[] = ['stale', 'job-not-found'];

export const WORKER_STATES: Readonly<Record<string, string>> = {
  ok: 'Hands in shares as it should.',
  low: 'Its hash rate of the last minutes is well below what it was over the last hour.',
  offline: 'No share for a while. Is it on, and can it reach the pool?',
};

export const BLOCK_STATES: Readonly<Record<string, string>> = {
  pending: 'Handed in; the node has not said yet whether it is in the chain.',
  immature: 'In the chain. Its reward may be spent when enough blocks stand on it.',
  confirmed: 'Deep enough: what it earned is owed to those who worked on it.',
  orphaned: 'Another block took its place in the chain, so it pays nothing.',
  rejected: 'The node refused it.',
};

export const CREDIT_STATES: Readonly<Record<string, string>> = {
  pending: 'The block is not known to be in the chain yet.',
  immature: 'Waits until the block is deep enough in the chain.',
  confirmed: 'Yours: paid, or owed until the next payout.',
  orphaned: 'The block lost its place in the chain; it pays nothing.',
};

export const PAYOUT_STATES: Readonly<Record<string, string>> = {
  sending: 'Signed and sent. Waits for a block, and is sent again until it is in one.',
  confirmed: 'In a block of the chain.',
  settled: 'Buried so deep in the chain that nothing can undo it.',
  returned: 'It can never be in the chain any more, so what it paid is owed again.',
};

/** Why the next payout leaves an address out. */
export const WAIT_REASONS: Readonly<Record<string, string>> = {
  'below-minimum': 'Below the minimum of a payout; it stays owed and grows with every block.',
  'no-operator-wallet': 'This pool has no wallet to pay from at the moment; it stays owed.',
};

export const SCHEMES: Readonly<Record<string, { readonly name: string; readonly meaning: string }>> = {
  pplns: {
    name: 'PPLNS',
    meaning: 'Each block is divided among the last shares before it, whoever found it.',
  },
  prop: {
    name: 'Proportional',
    meaning: 'Each block is divided among the shares since the block before it.',
  },
  solo: { name: 'Solo', meaning: 'Who finds a block is paid by the block itself.' },
};
