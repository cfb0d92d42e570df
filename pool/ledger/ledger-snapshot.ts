import { openSnapshot, type Snapshot } from '../../service/database-snapshot.ts';
import { BlockBook } from './block-book.ts';
import { onlyRead } from './book-database.ts';
import { ChainReader } from './chain-reader.ts';
import { APPLICATION_ID, MIGRATIONS } from './ledger-schema.ts';
import { PayoutBook } from './payout-book.ts';
import { RoundBook } from './round-book.ts';
import { workerRows } from './worker-rows.ts';

/** A ledger as it stands at one moment, for reading only: a running pool goes on writing. */
export class LedgerSnapshot {
  readonly file: string;
  /** Which network it is of. */
  readonly network: string;
  readonly chain: ChainReader;
  readonly blocks: BlockBook;
  readonly rounds: RoundBook;
  readonly payouts: PayoutBook;
  readonly #reads: Snapshot;

  private constructor(reads: Snapshot, network: string) {
    this.file = reads.file;
    this.network = network;
    this.#reads = reads;
    this.chain = new ChainReader(reads);
    const database = onlyRead(reads);
    this.blocks = new BlockBook(database, workerRows());
    this.rounds = new RoundBook(database);
    this.payouts = new PayoutBook(database);
  }

  /** @throws DatabaseError when it cannot be read */
  static async open(file: string): Promise<LedgerSnapshot> {
    const reads = await openSnapshot(file, { applicationId: APPLICATION_ID, version: MIGRATIONS.length });
    try {
      const row = await reads.get<{ network: string }>('SELECT network FROM identity');
      return new LedgerSnapshot(reads, row?.network ?? '');
    } catch (error) {
      await reads.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#reads.close();
  }
}
