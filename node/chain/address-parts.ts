import { bytesToHex } from '../../protocol/bytes.ts';
import type { Hash } from '../../protocol/units.ts';
import type { Database } from '../../service/database.ts';
import type { BlockEntry } from './block-index.ts';
import type { Chain } from './chain.ts';

/** What reading the address index takes. */
export interface AddressParts {
  readonly database: Database;
  readonly chain: Pick<Chain, 'profile' | 'entry' | 'ancestor'>;
}

/** The tip that the database was as of when it was read. */
export function knownTip(chain: Pick<Chain, 'entry'>, hash: Hash): BlockEntry {
  const entry = chain.entry(hash);
  if (entry === undefined) throw new Error('the tip of the database is not in the block index');
  return entry;
}

/** Each of these scripts once. */
export function distinctScripts(scripts: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(scripts.map((script) => [bytesToHex(script), script])).values()];
}
