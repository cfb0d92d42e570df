import { bytesToHex, hexToBytes } from '../../protocol/bytes.ts';
import { type Database, hexList, type SqlValue } from '../../service/database.ts';

/** An address of another node as the table holds it. Times are seconds since 1970. */
export interface PeerRow {
  /** Sixteen bytes, then the port with its high byte first. */
  readonly address: Uint8Array;
  readonly services: bigint;
  readonly source: string;
  readonly lastSeenSeconds: number;
  readonly lastTrySeconds: number | undefined;
  readonly lastSuccessSeconds: number | undefined;
  readonly failures: number;
}

/** A range of addresses that the operator refuses. */
export interface BanRow {
  readonly subnet: string;
  readonly createdSeconds: number;
  readonly untilSeconds: number;
}

interface StoredPeer {
  readonly address: Uint8Array;
  readonly services: Uint8Array;
  readonly source: string;
  readonly lastSeen: number;
  readonly lastTry: number | null;
  readonly lastSuccess: number | null;
  readonly failures: number;
}

/** The address book and the bans on disk. */
export class PeersTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async loadPeers(): Promise<PeerRow[]> {
    const rows = await this.#database.all<StoredPeer>(
      `SELECT address, services, source, last_seen AS lastSeen, last_try AS lastTry,
         last_success AS lastSuccess, failures FROM peers`,
    );
    return rows.map((row) => ({
      address: row.address,
      services: BigInt(`0x${bytesToHex(row.services)}`),
      source: row.source,
      lastSeenSeconds: row.lastSeen,
      lastTrySeconds: row.lastTry ?? undefined,
      lastSuccessSeconds: row.lastSuccess ?? undefined,
      failures: row.failures,
    }));
  }

  /** Writes and removes addresses in one transaction. */
  savePeers(written: readonly PeerRow[], removed: readonly Uint8Array[]): Promise<void> {
    return this.#database.transaction(async (statements) => {
      if (removed.length > 0) {
        await statements.run('DELETE FROM peers WHERE address IN (SELECT unhex(value) FROM json_each(?))', [
          hexList(removed),
        ]);
      }
      await statements.insertRows(
        'peers',
        {
          address: 'blob',
          services: 'blob',
          source: 'text',
          last_seen: 'integer',
          last_try: 'integer',
          last_success: 'integer',
          failures: 'integer',
        },
        written.map(valuesOf),
        'replace',
      );
    });
  }

  loadBans(): Promise<BanRow[]> {
    return this.#database.all<BanRow>(
      'SELECT subnet, created AS createdSeconds, until AS untilSeconds FROM bans ORDER BY created, subnet',
    );
  }

  /** Makes these the bans there are. */
  saveBans(bans: readonly BanRow[]): Promise<void> {
    return this.#database.transaction(async (statements) => {
      await statements.run('DELETE FROM bans');
      await statements.insertRows(
        'bans',
        { subnet: 'text', created: 'integer', until: 'integer' },
        bans.map(({ subnet, createdSeconds, untilSeconds }) => [subnet, createdSeconds, untilSeconds]),
      );
    });
  }
}

function valuesOf(row: PeerRow): SqlValue[] {
  return [
    row.address,
    hexToBytes(row.services.toString(16).padStart(16, '0')),
    row.source,
    row.lastSeenSeconds,
    row.lastTrySeconds ?? null,
    row.lastSuccessSeconds ?? null,
    row.failures,
  ];
}
