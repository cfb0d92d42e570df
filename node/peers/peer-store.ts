import { concatBytes } from '../../protocol/bytes.ts';
import type { Logger } from '../../service/log.ts';
import type { PeerRow, PeersTable } from '../storage/peers-table.ts';
import type { AddressBook, KnownAddress } from './address-book.ts';
import { type Ban, BanList } from './ban-list.ts';
import { type Endpoint, ipBytes, ipText } from './ip-address.ts';
import { Subnet } from './subnet.ts';

const IP_SIZE = 16;

/** Keeps address book and bans on the disk: the book from time to time, for it can be had again; bans at once. */
export class PeerStore {
  readonly #table: PeersTable;
  readonly #book: AddressBook;
  readonly #log: Logger;

  constructor(options: { readonly table: PeersTable; readonly book: AddressBook; readonly log: Logger }) {
    this.#table = options.table;
    this.#book = options.book;
    this.#log = options.log;
  }

  /** Fills the book and gives the bans as they were saved. */
  async load(): Promise<BanList> {
    for (const row of await this.#table.loadPeers()) this.#book.restore(addressOf(row));
    const bans = await this.#table.loadBans();
    return new BanList(
      bans.flatMap(({ subnet: text, createdSeconds, untilSeconds }): Ban[] => {
        const subnet = Subnet.parse(text);
        return subnet === undefined ? [] : [{ subnet, createdSeconds, untilSeconds }];
      }),
    );
  }

  /** Writes what has changed in the book. A failure is logged: nothing depends on it. */
  async saveBook(): Promise<void> {
    const { saved, removed } = this.#book.takeChanges();
    if (saved.length === 0 && removed.length === 0) return;
    try {
      await this.#table.savePeers(saved.map(rowOf), removed.map(keyOf));
    } catch (error) {
      this.#log.error({ err: error }, 'the address book could not be saved');
    }
  }

  /** Durable when it resolves. @throws DatabaseError */
  saveBans(bans: readonly Ban[]): Promise<void> {
    return this.#table.saveBans(
      bans.map(({ subnet, createdSeconds, untilSeconds }) => ({
        subnet: subnet.text,
        createdSeconds,
        untilSeconds,
      })),
    );
  }
}

function addressOf({ address, ...facts }: PeerRow): KnownAddress {
  const [high = 0, low = 0] = address.subarray(IP_SIZE);
  return { endpoint: { ip: ipText(address.subarray(0, IP_SIZE)), port: (high << 8) | low }, ...facts };
}

function rowOf({ endpoint, ...facts }: KnownAddress): PeerRow {
  return { address: keyOf(endpoint), ...facts };
}

function keyOf({ ip, port }: Endpoint): Uint8Array {
  return concatBytes(ipBytes(ip) ?? new Uint8Array(IP_SIZE), Uint8Array.of(port >> 8, port & 0xff));
}
