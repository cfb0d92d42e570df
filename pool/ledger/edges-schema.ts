/** What edges add to the second form of the ledger. */
export const EDGES_V2: readonly string[] = [];
