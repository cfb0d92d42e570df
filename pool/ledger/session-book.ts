/** What sessions add to the second form of the ledger. */
export const SESSIONS_V2: readonly string[] = [];
