import { bytesToHex, displayHash } from '../../protocol/bytes.ts';
import { magicHex, type NetworkProfile } from '../../protocol/network.ts';
import type { Database, Statements } from '../../service/database.ts';
import { damaged } from './node-database.ts';

/** The database holds the chain of another network than the one the node was started for. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
}

interface IdentityRow {
  readonly network: string;
  readonly magic: Uint8Array;
  readonly genesis: Uint8Array;
}

/**
 * Says whether the database has a chain yet.
 * @throws IdentityError when it is the chain of another network
 * @throws DatabaseError when the row that says whose chain it is has gone missing
 */
export async function hasChain(database: Database, profile: NetworkProfile): Promise<boolean> {
  const row = await database.get<IdentityRow>('SELECT network, magic, genesis FROM identity');
  if (row === undefined) {
    const block = await database.get('SELECT id FROM blocks LIMIT 1');
    if (block !== undefined) throw damaged(database, 'it holds blocks but does not say of which network');
    return false;
  }
  const found = describe(row.network, bytesToHex(row.magic), displayHash(row.genesis));
  const wanted = describe(profile.name, magicHex(profile), displayHash(profile.genesisHash));
  if (
    bytesToHex(row.magic) !== magicHex(profile) ||
    displayHash(row.genesis) !== displayHash(profile.genesisHash)
  ) {
    throw new IdentityError(
      `${database.file} holds the chain of ${found}, but this node was started for ${wanted}. ` +
        'Start it with the settings of that network, or with another --datadir.',
    );
  }
  return true;
}

/** Writes down whose chain the database holds, when its genesis block is written. */
export async function writeIdentity(
  statements: Pick<Statements, 'run'>,
  { name, magic, genesisHash }: NetworkProfile,
): Promise<void> {
  await statements.run('INSERT INTO identity (id, network, magic, genesis) VALUES (1, ?, ?, ?)', [
    name,
    magic,
    genesisHash,
  ]);
}

function describe(name: string, magic: string, genesis: string): string {
  return `network "${name}" (magic ${magic}, genesis block ${genesis})`;
}
