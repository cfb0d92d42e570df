import { DatabaseError } from '../../service/database.ts';

/** Why shares could not be written. */
export interface WriteTrouble {
  readonly outcome: 'disk-full' | 'disk-error' | 'busy' | 'failed';
  /** For the operator. */
  readonly message: string;
  /** For the miner. */
  readonly told: string;
}

const OUTCOMES: Readonly<Record<string, WriteTrouble['outcome']>> = {
  SQLITE_FULL: 'disk-full',
  SQLITE_IOERR: 'disk-error',
  SQLITE_BUSY: 'busy',
  SQLITE_LOCKED: 'busy',
};

const TOLD: Readonly<Record<WriteTrouble['outcome'], string>> = {
  'disk-full': "share not stored: the pool's disk is full",
  'disk-error': "share not stored: the pool's disk does not take it",
  busy: "share not stored: the pool's ledger is in use by another program",
  failed: 'share not stored: the pool cannot write to its ledger',
};

/** Where it passes without a restart, whatever else the database's own message advises. */
const PASSING: Partial<Record<WriteTrouble['outcome'], string>> = {
  'disk-full': 'no space left on its disk; shares are stored again as soon as there is some',
  busy: 'another program holds it; shares are stored again as soon as it lets go',
};

/** What a failed write means for the operator and for the miner. */
export function writeTroubleOf(error: unknown): WriteTrouble {
  const outcome = (error instanceof DatabaseError && OUTCOMES[error.code]) || 'failed';
  const message = PASSING[outcome] ?? (error instanceof Error ? error.message : String(error));
  return { outcome, message, told: TOLD[outcome] };
}
